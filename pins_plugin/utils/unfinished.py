"""Folders for what is not finished yet: hidden, held by the process that writes them, cleaned up after a dead one.

Such a folder is locked as long as its process lives, however that ends; one that nobody holds is a leftover.
"""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = ".pins-unfinished-"
OLD, NEW = "old", "new"  # what an exchange of two folders was halfway through
TARGET = "target"  # symbolic link that tells where the old folder belongs
YOUNG = 60.0  # seconds in which an empty folder may not be locked yet
FORGOTTEN = 86_400.0  # seconds after which a folder is a leftover where nothing can be locked
FULL = (errno.ENOSPC, errno.EDQUOT)
_cleaned: set[str] = set()


@contextmanager
def unfinished_folder(parent: Path, target: Path | None = None) -> Iterator[Path]:
    """Yield an empty hidden folder inside `parent` (which is made when missing); it is gone afterwards.

    The leftovers of dead processes in `parent` are removed, once in the life of this process. An error of a full disk
    names the file that was to be there at last: `target`, else the one of that name in `parent`.
    """
    parent.mkdir(parents=True, exist_ok=True)
    if str(parent.absolute()) not in _cleaned:
        _cleaned.add(str(parent.absolute()))
        remove_leftovers(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    handle = _open(folder)
    try:
        _lock(handle, wait=True)
        yield folder
    except OSError as error:
        name = str(error.filename or folder)  # what writes into an open file names none
        place = Path(name.removeprefix("file:"))  # so named for PyAV
        if error.errno not in (*FULL, errno.EFBIG) or not place.is_relative_to(folder):
            raise
        named = target or parent / place.relative_to(folder)
        raise OSError(error.errno, error.strerror, str(named)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def final_folder(folder: Path) -> Path:
    """Where the files of an unfinished folder will be; another folder itself."""
    return folder.parent if folder.name.startswith(PREFIX) else folder


def remove_leftovers(parent: Path) -> None:
    """Remove what processes that died left in a folder; what a living process holds stays."""
    try:
        with os.scandir(parent) as entries:
            found = [Path(entry.path) for entry in entries if entry.name.startswith(PREFIX)]
    except OSError:
        return
    for folder in found:
        handle = _open(folder)
        locked = _lock(handle, wait=False)
        with suppress(OSError):
            if _is_leftover(folder, locked):
                _put_back(folder)
                shutil.rmtree(folder, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _is_leftover(folder: Path, locked: bool | None) -> bool:
    """Tell by the lock (None: there are none here) and the age."""
    if locked is False:
        return False
    changed = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")) if path.exists())
    age = time.time() - changed
    if locked is None:
        return age > FORGOTTEN
    return age > YOUNG or any(folder.iterdir())


def _put_back(folder: Path) -> None:
    """Undo an exchange that was killed after its first half."""
    old, target = folder / OLD, folder / TARGET
    if old.is_dir() and target.is_symlink():
        place = folder.parent / target.readlink()
        if not place.exists():
            old.replace(place)


def _open(folder: Path) -> int | None:
    with suppress(OSError):  # such as on Windows, or when it has just gone
        return os.open(folder, os.O_RDONLY)
    return None


def _lock(handle: int | None, wait: bool) -> bool | None:
    """Take the lock; False where another holds it, None where there are no locks."""
    if handle is None or fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # such as on a network share
        return None
    return True
