"""The door for many files: paths, folders, patterns and lists become one list of files, of which one machine takes a part."""

import glob
import json
import os
import re
import stat
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pins_plugin.errors import MediaError, PinsError
from pins_plugin.moved import find_renamed
from pins_plugin.utils.files import read_text

VIDEOS = (".mp4", ".mkv", ".avi", ".mov", ".webm", ".mpg", ".mpeg", ".m4v", ".ts", ".mts", ".wmv", ".flv")  # fmt: skip
AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".wma", ".aif", ".aiff")
LISTS = (".txt", ".lst", ".list", ".json", ".jsonl")
T = TypeVar("T")
LINKS, ANNOTATED = "links.json", "annotated.mp4"  # beside each other in a folder of `pins link`
PATH_KEYS = ("path", "video", "file", "audio_filepath", "media")  # of a list's objects


def find_files(
    given: Iterable[str | Path], endings: Collection[str] = VIDEOS, mark: str | None = None
) -> dict[Path, Path | None]:
    """Turn what a command line says into files.

    Parameters
    ----------
    given : iterable of str or Path
        Files; folders, which are searched in depth for files with these endings (not for annotated videos); patterns such as "day*/*.mp4"; lists
        (.txt: a path a line, # begins a comment; .json: a list of paths or of objects with "path"; .jsonl: an object or
        path a line), whose relative paths are looked for beside the list, and then here.
    endings : collection of str
        Lower case.
    mark : str, optional
        Name of a file that makes a folder one item, such as links.json; a folder that holds such folders stands for these.

    Returns
    -------
    files : dict of Path to Path or None
        Each once, with the folder that was given and holds it; those of a folder or pattern in the order of their names. A
        single file that is missing is listed too, so that it costs itself only.

    Raises
    ------
    MediaError
        When a folder or pattern holds nothing, or a list cannot be read.
    """
    found: dict[Path, Path | None] = {}
    for each in given:
        for path, folder in _expand(Path(each), frozenset(endings), mark):
            found.setdefault(path, folder)
    return found


def _expand(
    path: Path, endings: frozenset[str], mark: str | None
) -> list[tuple[Path, Path | None]]:
    if _is_folder(path):
        return [(part, path) for part in _in_folder(path, endings, mark)]
    if mark is not None and _is_object(path):
        return [(path, None)]
    if path.suffix.lower() in LISTS and path.suffix.lower() not in endings:
        return [part for each in read_list(path) for part in _listed(each, path, endings, mark)]
    if not _exists(path) and glob.has_magic(str(path)):
        matches = sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute ones, too)
        if not matches:
            raise MediaError(f"{path}: no file fits this pattern")
        return [part for match in matches for part in _expand(match, endings, mark)]
    return [(path, None)]


def _listed(
    entry: Path, of: Path, endings: frozenset[str], mark: str | None
) -> list[tuple[Path, Path | None]]:
    beside = of.parent / entry
    place = beside if entry.is_absolute() or _exists(beside) else entry
    return _expand(place, endings, mark) if _is_folder(place) else [(place, None)]


def _is_folder(path: Path) -> bool:
    """Tell, without an error where nobody may know (a name that is too long, a folder that is closed)."""
    return os.path.isdir(path)  # noqa: PTH112


def _exists(path: Path) -> bool:
    """Tell, as `_is_folder`."""
    return os.path.exists(path)  # noqa: PTH110


def _is_object(path: Path) -> bool:
    """Tell what a command wrote, an object, from a list."""
    if path.suffix.lower() != ".json":
        return False
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (OSError, ValueError, RecursionError):
        return False


def _in_folder(folder: Path, endings: frozenset[str], mark: str | None) -> list[Path]:
    """Search in depth; folders that cannot be read are listed, too, so that they cost themselves only."""
    files, closed = _walk(folder, endings, mark)
    marked = {path.parent for path in files if path.name == mark}
    if marked:
        return sorted({*marked, *closed})
    found = sorted({*files, *closed})
    if not found:
        raise MediaError(
            f"{folder}: holds no such file; expected files ending in {', '.join(sorted(endings))}"
        )
    return found


def _walk(folder: Path, endings: frozenset[str], mark: str | None) -> tuple[list[Path], list[Path]]:
    """Give the files below a folder that may be meant, none of them hidden, and the folders that cannot be read.

    Symbolic links to folders are followed where these are not below the folder themselves.
    """
    found: list[Path] = []
    closed: list[Path] = []
    links, seen = deque([folder]), set[str]()
    while links:
        for place, folders, files in os.walk(links.popleft(), onerror=lambda error: closed.append(Path(error.filename))):  # fmt: skip
            if os.path.realpath(place) in seen:
                folders.clear()
                continue
            seen.add(os.path.realpath(place))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            links += [Path(place, name) for name in folders if os.path.islink(f"{place}/{name}")]  # noqa: PTH114
            made = {ANNOTATED} if LINKS in files else set()  # shows a video that was linked
            wanted = (n for n in files if n == mark or (os.path.splitext(n)[1].lower() in endings and n not in made))  # fmt: skip # noqa: PTH122
            paths = (Path(place, name) for name in wanted if not name.startswith("."))
            found += filter(_is_meant, paths)
    if folder in closed:
        raise MediaError(f"{folder}: this folder cannot be read; expected the right to read it")
    return found, closed


def _is_meant(path: Path) -> bool:
    """Tell files from pipes and the like; what nobody may look at, or a link to what is missing, will cost itself."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def read_list(path: str | Path) -> list[Path]:
    """Read the paths that a text, JSON or JSON-lines file lists; see `find_files`."""
    path = Path(path)
    expected = "a list of paths: text with one a line, or JSON"
    text = read_text(path, MediaError, expected)
    try:
        if path.suffix.lower() == ".json":
            rows = json.loads(text)
            if not isinstance(rows, list):
                raise ValueError(f"expected a list, got {type(rows).__name__}")
        elif path.suffix.lower() == ".jsonl":
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            lines = (line.strip() for line in text.splitlines())
            rows = [line for line in lines if line and not line.startswith("#")]
        entries = [Path(_path_of(row)) for row in rows]
    except (ValueError, RecursionError) as error:
        raise MediaError(f"{path}: {error}; expected {expected}") from error
    if not entries:
        raise MediaError(f"{path}: lists nothing; expected {expected}")
    return entries


def _path_of(row: object) -> str:
    if isinstance(row, str) and row and "\0" not in row:
        return row
    if isinstance(row, dict):
        for key in PATH_KEYS:
            if isinstance(row.get(key), str):
                return _path_of(row[key])
    raise ValueError(f'expected a path, or an object with "path", got {str(row)[:80]!r}')


def parse_shard(text: str) -> tuple[int, int]:
    """Read "i/n", the i-th of n parts, from 1.

    Examples
    --------
    >>> parse_shard("2/8")
    (2, 8)
    """
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise PinsError(f"--shard: expected i/n with i from 1 to n, as 1/4, got {text!r}")
    return int(match[1]), int(match[2])


def choose_part(
    files: Sequence[T], shard: tuple[int, int] = (1, 1), limit: int | None = None
) -> list[T]:
    """Take every n-th file from the i-th on, and of these the first `limit`.

    Examples
    --------
    >>> [str(path) for path in choose_part([Path("a"), Path("b"), Path("c")], (1, 2))]
    ['a', 'c']
    """
    index, count = shard
    return list(files[index - 1 :: count][:limit])


def __getattr__(name: str) -> Any:
    return find_renamed(__name__, name, {"SOUNDS": AUDIO_SUFFIXES})
