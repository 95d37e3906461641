"""Files that are either whole or absent."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pins_plugin.errors import PinsError


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it when the block succeeds.

    Nothing is left behind, and an existing file stays as it was, when the block raises.

    Parameters
    ----------
    path : str or Path
        The file to write. Its folder is made when missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield an empty temporary folder that becomes `path` when the block succeeds.

    An existing folder at `path` is replaced as a whole.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            old = temporary.with_name(temporary.name + ".old")
            path.replace(old)
            temporary.replace(path)
            shutil.rmtree(old)
        else:
            temporary.replace(path)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)


@contextmanager
def atomic_contents(folder: str | Path) -> Iterator[Path]:
    """Yield an empty temporary folder whose files move into `folder` when the block succeeds.

    Other files of `folder` stay; nothing is left behind, nor changed, when the block raises.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield temporary
        folder.mkdir(exist_ok=True)
        for path in sorted(temporary.iterdir()):
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(temporary)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` in one step (UTF-8)."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: str | Path, error: type[PinsError], expected: str) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : str or Path
    error : class
        What to raise when the file is missing or no JSON.
    expected : str
        What the file should be, for the message.
    """
    path = Path(path)
    if not path.is_file():
        raise error(f"{path}: no such file; expected {expected}")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
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


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
