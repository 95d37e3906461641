"""Two folders change places in one step, where the system can do that."""

import ctypes
import os
import shutil
import sys
from pathlib import Path

from pins_plugin.utils.unfinished import OLD, TARGET

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of Linux


def replace_folder(new: Path, path: Path, unfinished: Path) -> None:
    """Put the folder `new` in the place of `path`.

    Parameters
    ----------
    new : Path
        Inside `unfinished`.
    path : Path
        Existing or not; what was there is removed.
    unfinished : Path
        Folder beside `path`, from `unfinished_folder`: when the process is killed halfway where the system cannot
        exchange in one step, the old folder is put back from there on the next run.
    """
    if not path.exists():
        new.replace(path)
    elif not exchange(new, path):
        (unfinished / TARGET).symlink_to(path.name)
        path.replace(unfinished / OLD)
        new.replace(path)
        (unfinished / TARGET).unlink()


def replace_contents(new: Path, folder: Path) -> None:
    """Make `folder` hold what `new` holds, where the folder itself cannot be replaced, as a mount point."""
    names = {path.name for path in new.iterdir()}
    for path in sorted(new.iterdir()):
        place = folder / path.name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        path.replace(place)
    for path in list(folder.iterdir()):
        if path.name not in names and path != new.parent:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def exchange(first: Path, second: Path) -> bool:
    """Exchange two folders of one file system in one step; False where the system has no such step."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    done: int = rename(
        AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second), ctypes.c_uint(RENAME_EXCHANGE)
    )
    return done == 0
