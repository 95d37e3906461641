"""What a file is by its content, wherever it lies and whatever it is called."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LENGTH = 24  # hexadecimal digits


def content_key(path: str | Path) -> str:
    """Tell apart what files, or folders with all that is in them, hold.

    Hidden files of a folder do not count.
    """
    path = Path(path)
    if not path.is_dir():
        return _digest(path)
    os.scandir(path).close()  # says what is wrong, where it cannot be read
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path)
        if file.is_file() and not any(part.startswith(".") for part in name.parts):
            digest.update(f"{name.as_posix()!r} {_digest(file)}\n".encode())
    return digest.hexdigest()[:LENGTH]


def source_key(source: str | Path | None) -> str:
    """Tell apart what an option means: the content of a path, or the text where no such path is."""
    if source is None:
        return ""
    return content_key(source) if Path(source).exists() else f"name {source}"


def describe_file(path: str | Path, known: Any = None) -> dict[str, Any]:
    """Say which file this is: `path` (absolute), `size` (bytes), `changed` (ns) and `content`.

    Parameters
    ----------
    known : dict, optional
        What was said of it before; its content is not read again where path, size and time are the same.
    """
    path = Path(path).resolve()
    state = path.stat()
    about = {"path": str(path), "size": state.st_size, "changed": state.st_mtime_ns}
    told = known if isinstance(known, Mapping) and isinstance(known.get("content"), str) else {}
    if told and all(told.get(name) == value for name, value in about.items()):
        return {**about, "content": told["content"]}
    return {**about, "content": content_key(path)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:LENGTH]
