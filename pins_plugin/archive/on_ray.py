"""Workers of a Ray cluster, or of a Ray that is started on this machine."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from pins_plugin.archive import worker
from pins_plugin.archive.places import Place
from pins_plugin.errors import PinsError
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.optional import import_extra

RETRIES = "RAY_NUM_REDIS_GET_RETRIES"  # of 30 s each, until no cluster answers; Ray's own number, 20, is ten minutes


def connect(address: str, cpus: int | None = None) -> Any:
    """Join a cluster ("auto", "ray://head:10001", "head:6379"), or start one of this machine ("local").

    Raises
    ------
    MissingExtraError
        When Ray is not installed.
    PinsError
        When no cluster answers there.
    """
    os.environ.setdefault(RETRIES, "2")  # read when Ray is imported
    ray = import_extra("ray", "ray")
    if ray.is_initialized():
        return ray
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == "local":
            ray.init(include_dashboard=False, num_cpus=cpus, **options)
        else:
            ray.init(address=address, **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise PinsError(
            f"--ray {address}: no cluster answers ({one_line(error)}); expected `local`, `auto`, or an address as "
            "`ray start --head` prints it"
        ) from error
    return ray


def count_places(ray: Any, cpus: float, gpus: float) -> int:
    """How many workers of this size the cluster has room for; at least one."""
    room = ray.cluster_resources()
    counts = [room.get("CPU", 1) / cpus, *([room.get("GPU", 0) / gpus] if gpus else [])]
    return max(1, int(min(counts)))


class RayActor(Place):
    """A Ray actor: its networks are loaded once; rows that come back are small.

    Parameters
    ----------
    ray : module
        From `connect`.
    cpus, gpus : float
        What it takes of its machine; gpus may be a fraction.
    """

    def __init__(self, ray: Any, cpus: float = 1, gpus: float = 0) -> None:
        self._ray, self._actor = ray, None
        self.lost = (ray.exceptions.RayActorError,)
        options = {"num_cpus": cpus, "num_gpus": gpus, "max_restarts": 0}
        self._kind = ray.remote(**options)(_Actor)

    def open(self, setup: Callable[[], worker.Work], threads: int | None) -> Future[Any]:
        """Start an actor, and load what all items need."""
        self.kill()
        self._actor = self._kind.remote()
        return self.call(_set_up, setup, threads, str(Path.cwd()))

    def call(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Call it in the actor."""
        assert self._actor is not None
        future: Future[Any] = Future()
        asked = self._actor.call.remote(function, *args).future()
        asked.add_done_callback(lambda done: _pass_on(done, future))
        return future

    def kill(self) -> None:
        """Kill the actor; nothing starts it again but `open`."""
        actor, self._actor = self._actor, None
        if actor is not None:
            with suppress(Exception):  # it may be gone with its machine
                self._ray.kill(actor)


class _Actor:
    """What an actor is made of: it calls functions, which are the same in every place."""

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)


def _set_up(setup: Callable[[], worker.Work], threads: int | None, folder: str) -> int:
    with suppress(OSError):  # which its machine may lack; whole paths are found all the same
        os.chdir(folder)
    return worker.set_up(setup, threads)


def _pass_on(done: Future[Any], future: Future[Any]) -> None:
    """Give what Ray gives, but an error as it was raised, without the pages that Ray wraps around it."""
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(getattr(error, "cause", None) or error)
