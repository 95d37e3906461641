"""Where work is done: in this process, or in worker processes of this machine; `on_ray` has those of many machines."""

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from pins_plugin.archive import worker


class Place:
    """This very process: nothing is started, nothing is guarded against a crash or a video that hangs.

    Places of other kinds do one thing at a time, too, and are opened anew when their process is gone.
    """

    lost: tuple[type[BaseException], ...] = ()
    """What a future raises when the process went away."""

    def open(self, setup: Callable[[], worker.Work], threads: int | None) -> Future[Any]:
        """Start, and load what all items need."""
        return self.call(worker.set_up, setup)

    def call(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Call a function of a module there."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def kill(self) -> None:
        """End whatever runs there, at once."""

    def close(self) -> None:
        """End what runs there, after it has cleaned up where it can."""
        self.kill()


class LocalProcess(Place):
    """A worker process of its own: a pool of one, so that it is known whose item ended it."""

    lost = (BrokenProcessPool,)

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def open(self, setup: Callable[[], worker.Work], threads: int | None) -> Future[Any]:
        """Start a process, and load what all items need."""
        self.kill()
        self._pool = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=worker.begin_process
        )
        return self.call(worker.set_up, setup, threads)

    def call(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Call it in the process."""
        assert self._pool is not None
        try:
            return self._pool.submit(function, *args)
        except BrokenProcessPool as error:  # it died while it had nothing to do
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    def kill(self) -> None:
        """Kill the process."""
        self._end(at_once=True)

    def close(self) -> None:
        """Ask the process to clean up and go; kill it when it does not."""
        self._end(at_once=False)

    def _end(self, at_once: bool) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        processes = list((pool._processes or {}).values())  # public methods: Python 3.14
        for process in processes:
            process.kill() if at_once else process.terminate()
        for process in processes:
            process.join(worker.GRACE)
            if process.is_alive():
                process.kill()
        pool.shutdown(wait=True, cancel_futures=True)
