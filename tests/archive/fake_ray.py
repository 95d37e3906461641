"""What the package asks of Ray, in threads of this process: for tests of what happens around it."""

import os
import signal
import sys
import time
from concurrent.futures import Future
from threading import Thread
from types import SimpleNamespace
from typing import Any


class RayActorError(Exception):
    """An actor is gone."""


class RayTaskError(Exception):
    """What an actor raised, wrapped."""

    def __init__(self, cause: Exception) -> None:
        super().__init__("ray::_Actor.call() (pid=1)\n  File ...\n" + repr(cause))
        self.cause = cause


exceptions = SimpleNamespace(RayActorError=RayActorError)


def is_initialized() -> bool:
    """Never before."""
    return False


def init(**options: object) -> None:
    """Start slowly, and take a signal."""
    print("ray starts", file=sys.stderr, flush=True)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
    time.sleep(float(os.environ.get("SLOW_RAY", "0")))


def cluster_resources() -> dict[str, float]:
    """Two cores."""
    return {"CPU": 2.0}


def kill(actor: object) -> None:
    """A thread cannot be killed; nobody waits for it."""


def remote(**options: object) -> Any:
    """Make actors of a class."""
    return lambda kind: SimpleNamespace(remote=lambda: _Handle(kind()))


class _Handle:
    def __init__(self, made: Any) -> None:
        self.call = SimpleNamespace(remote=lambda *args: _Reference(made.call, args))


class _Reference:
    def __init__(self, function: Any, args: tuple[Any, ...]) -> None:
        self._future: Future[Any] = Future()
        Thread(target=self._do, args=(function, args), daemon=True).start()

    def _do(self, function: Any, args: tuple[Any, ...]) -> None:
        try:
            self._future.set_result(function(*args))
        except Exception as error:
            self._future.set_exception(RayTaskError(error))

    def future(self) -> Future[Any]:
        """As of Ray's references."""
        return self._future
