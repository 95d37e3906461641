"""Files that are either whole or absent."""

import csv
import io
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pins_plugin.errors import PinsError
from pins_plugin.utils.exchange import replace_contents, replace_folder
from pins_plugin.utils.unfinished import NEW, unfinished_folder


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block succeeds.

    Nothing is left behind, and an existing file stays as it was, when the block raises.

    Parameters
    ----------
    path : str or Path
        The file to write. Its folder is made when missing.
    """
    path = Path(path)
    with unfinished_folder(path.parent, path) as folder:
        temporary = folder / path.name
        temporary.touch()
        yield temporary
        temporary.replace(path)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield an empty temporary folder that becomes `path` when the block succeeds.

    An existing folder at `path` is replaced as a whole, in one step where the system can do that; a mount point, which
    cannot be replaced, is filled file by file.
    """
    path = Path(path)
    inside = path.is_dir() and (os.path.ismount(path) or not os.access(path.parent, os.W_OK))
    with unfinished_folder(path if inside else path.parent, path) as unfinished:
        temporary = unfinished / NEW
        temporary.mkdir()
        yield temporary
        if inside:
            replace_contents(temporary, path)
        else:
            replace_folder(temporary, path, unfinished)


@contextmanager
def atomic_contents(
    folder: str | Path, last: str | None = None, owned: Collection[str] = ()
) -> Iterator[Path]:
    """Yield an empty temporary folder whose files move into `folder` when the block succeeds.

    Other files of `folder` stay; nothing is left behind, nor changed, when the block raises.

    Parameters
    ----------
    folder : str or Path
        Made when missing.
    last : str, optional
        Name of the file that says that all others are there: it is moved last.
    owned : collection of str
        Names of files that are removed from `folder` where the block made none of that name.
    """
    folder = Path(folder)
    existed = folder.exists()
    try:
        with unfinished_folder(folder) as temporary:
            yield temporary
            made = sorted(temporary.iterdir(), key=lambda path: (path.name == last, path.name))
            for name in {*owned} - {path.name for path in made}:
                (folder / name).unlink(missing_ok=True)
            for path in made:
                path.replace(folder / path.name)
    finally:
        if not existed:
            with suppress(OSError):
                folder.rmdir()  # which works on an empty one only


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` in one step (UTF-8); what UTF-8 cannot hold, as of a file's name, becomes "?"."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")


def read_text(path: str | Path, error: type[PinsError], expected: str) -> str:
    """Read a text file (UTF-8, with or without a byte order mark).

    Parameters
    ----------
    error : class
        What to raise when the file is missing or no such text.
    expected : str
        What the file should be, for the message.
    """
    path = Path(path)
    if not path.is_file():
        raise error(f"{path}: no such file; expected {expected}")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as reason:
        raise error(
            f"{path}: not a text file in UTF-8 ({reason.reason}); expected {expected}"
        ) from reason


def read_table(path: str | Path, error: type[PinsError], expected: str) -> list[dict[str, Any]]:
    """Read a CSV file with a header; parameters as in `read_text`.

    Returns
    -------
    rows : list of dict of str to str
        A field that a short row lacks is None.
    """
    try:
        return list(csv.DictReader(io.StringIO(read_text(path, error, expected), newline="")))
    except csv.Error as reason:
        raise error(f"{path}: not a CSV file ({reason}); expected {expected}") from reason


def read_json(
    path: str | Path, error: type[PinsError], expected: str, *, finite: bool = False
) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    error : class
        What to raise when the file is missing or no JSON.
    expected : str
        What the file should be, for the message.
    finite : bool
        Refuse NaN and infinity, which are no JSON, as `write_json` does.
    """
    text = read_text(path, error, expected)
    try:
        return json.loads(text, parse_constant=_no_number if finite else None)
    except (ValueError, RecursionError) as reason:
        raise error(f"{path}: not a JSON file ({reason}); expected {expected}") from reason


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON in one step; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def write_json_rows(path: str | Path, value: Mapping[str, Any]) -> None:
    """Write an object as JSON in one step, each element of its lists on a line; NaN and infinity are refused.

    Lists may be iterators, which are never held as a whole.
    """
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for number, (name, part) in enumerate(value.items()):
            file.write(f"{',' if number else '{'}\n{json.dumps(name)}: ")
            if isinstance(part, list | Iterator):
                file.write("[")
                for row, element in enumerate(part):
                    file.write(f"{',' if row else ''}\n{json.dumps(element, allow_nan=False)}")
                file.write("]")
            else:
                file.write(json.dumps(part, allow_nan=False))
        file.write("\n}\n")


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")
