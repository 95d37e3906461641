"""What runs in a worker: it is set up once, and then does one item after the other."""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from typing import Any

from pins_plugin.archive.claims import BusyError
from pins_plugin.utils.explain import explain

Work = Callable[[str], Any]
GRACE = 5.0  # seconds in which a worker that is told to go may clean up; chosen, not measured
_work: Work | None = None


@dataclass(frozen=True)
class Reply:
    """What became of one item, in plain values that can go to another process.

    Parameters
    ----------
    value : object
        What the work gave; None where it failed.
    error : str or None
        Why it failed, in a line.
    trace : str
        The whole Python error.
    seconds : float
        That it took.
    busy : bool
        It did not fail: another run is working on it.
    """

    value: Any = None
    error: str | None = None
    trace: str = ""
    seconds: float = 0.0
    busy: bool = False


def set_up(setup: Callable[[], Work], threads: int | None = None) -> int:
    """Load whatever all items need, once; gives the number of this process.

    Parameters
    ----------
    setup : callable
        Gives the function that does one item.
    threads : int, optional
        For torch and the numerical libraries; as they are when None.
    """
    global _work
    if threads is not None:
        limit_threads(threads)
    _work = setup()
    return os.getpid()


def limit_threads(threads: int) -> None:
    """Let each numerical library of this process use so many threads."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    import cv2
    import torch

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


def do(item: str) -> Reply:
    """Do one item; whatever it raises becomes a reply."""
    began = time.monotonic()
    assert _work is not None
    try:
        value = _work(item)
    except BusyError as error:
        return Reply(error=str(error), busy=True)
    except Exception as error:
        trace = "".join(traceback.format_exception(error))
        return Reply(error=explain(error), trace=trace, seconds=time.monotonic() - began)
    return Reply(value, seconds=time.monotonic() - began)


def begin_process() -> None:
    """Leave Ctrl-C to the process that started this one, clean up when told to go, and never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()
    # last: what is told to go before it began has nothing to clean up
    signal.signal(signal.SIGTERM, _go)


def _go(number: int, frame: object) -> None:
    sys.exit(128 + number)  # unfinished folders are removed on the way out


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)
