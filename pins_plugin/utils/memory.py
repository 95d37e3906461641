"""How much memory a run takes, its worker processes included."""

import ctypes
import sys
import threading
from types import TracebackType
from typing import Self

import psutil


class PeakMemory:
    """Watch the resident memory of this process and its children while a block runs.

    Memory that processes share is counted once for each of them, so the true peak is never above `megabytes`.

    Parameters
    ----------
    interval : float
        Seconds between two looks.

    Examples
    --------
    >>> with PeakMemory() as peak:
    ...     pass
    >>> peak.megabytes > 1
    True
    """

    def __init__(self, interval: float = 0.25) -> None:
        self.megabytes = 0.0
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(self._interval):
            self._look()

    def _look(self) -> None:
        process = psutil.Process()
        total = 0
        for member in [process, *process.children(recursive=True)]:
            try:
                total += member.memory_info().rss
            except psutil.Error:  # it has just ended
                continue
        self.megabytes = max(self.megabytes, total / 1e6)


def trim_heap() -> None:
    """Give the system what the C library keeps for itself after many pictures were decoded; nothing where it is not glibc.

    Blocks of a few megabytes, taken and freed in turn, leave some hundred megabytes behind that arrays of NumPy do not use.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
