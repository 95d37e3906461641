"""Two runs never work on the same thing at the same time: a lock for each name, all in one file."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pins_plugin.errors import PinsError

try:
    import fcntl
except ImportError:  # no such locks on Windows
    fcntl = None  # type: ignore[assignment]

FILE = ".pins-claims"
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # of a network share without them


class BusyError(PinsError):
    """Another run is working on it."""


@contextmanager
def claimed(folder: Path, name: str, wait: bool = False) -> Iterator[None]:
    """Hold a name of a folder; whatever the process ends by, it is free afterwards. Where nothing can be locked, all are free.

    A byte of one file stands for each name (POSIX record locks, which reach over machines that share the folder). A process
    holds one name of a folder at a time: closing the file gives up all of them.

    Parameters
    ----------
    wait : bool
        Until another process that holds it is done.

    Raises
    ------
    BusyError
        When another process holds it, and this one does not wait.
    """
    if fcntl is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    place = int.from_bytes(hashlib.sha256(name.encode(errors="replace")).digest()[:7], "big")
    handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, place)
        except (BlockingIOError, PermissionError) as error:
            raise BusyError(f"{name}: another run is working on it") from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
        yield
    finally:
        os.close(handle)
