"""Work that needs no network: what is in the file's name happens."""

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pins_plugin.archive.claims import claimed
from pins_plugin.utils.files import write_text


def seconds_of(item: str) -> float:
    """All videos are as long."""
    return 0.1


def open_stub(out: str, log: str, tokens: str = "") -> Callable[[str], tuple[str, bool]]:
    """Set up."""
    return partial(_do, Path(out), Path(log))


def open_never(message: str) -> Callable[[str], object]:
    """Cannot be set up."""
    raise ValueError(message)


def _do(out: Path, log: Path, item: str) -> tuple[str, bool]:
    path = Path(item)
    with claimed(out, path.stem):
        target = out / f"{path.stem}.out"
        if target.is_file():
            return item, True
        count = _count(log, path.stem)
        if "crash" in path.stem:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "once" in path.stem and count == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if "hang" in path.stem:
            time.sleep(1000)
        if "slow" in path.stem:
            time.sleep(0.3)
        if "full" in path.stem:
            raise OSError(28, "No space left on device", str(target))
        if "bad" in path.stem:
            raise TypeError("nobody thought of this")
        write_text(
            target, f"result of {path.name} {os.environ.get('OMP_NUM_THREADS') is not None}\n"
        )
    return item, False


def _count(log: Path, name: str) -> int:
    """Note that work on it began, and how often that was."""
    with (log / name).open("a") as file:
        file.write("x")
    return (log / name).stat().st_size
