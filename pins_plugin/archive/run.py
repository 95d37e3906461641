"""One item after the other in several places at once: what fails costs itself only, and is tried once more at the end."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from pins_plugin.archive import worker
from pins_plugin.archive.places import Place
from pins_plugin.archive.worker import Reply
from pins_plugin.errors import PinsError
from pins_plugin.utils.explain import one_line

STARTS = 3  # that a worker may die at in a row, before the run gives up; chosen, not measured
POLL = 0.5  # seconds between two looks at the clock; chosen, not measured
SHORTEST_LIMIT = 120.0  # seconds that even the shortest item may take; chosen, not measured
LOADING = 900.0  # seconds that a worker may take to load; chosen, not measured
KILLED = "its worker was killed or crashed (a decoder, or too little memory)"


class SetupError(PinsError):
    """The workers cannot be set up: nothing can be done at all."""


@dataclass(frozen=True)
class Job:
    """What is done with each item.

    Parameters
    ----------
    setup : callable
        Gives, in the worker, the function that does one item; a module's function or a `partial` of one.
    duration : callable
        Item -> seconds of media; called in the worker too, since a damaged file can end it.
    threads : int, optional
        Per worker.
    timeout : float, optional
        Of one item, in multiples of its duration; None: no limit.
    stop : threading.Event
        Set when the run is to end; looked at between two waits.
    """

    setup: Callable[[], worker.Work]
    duration: Callable[[str], float]
    threads: int | None = None
    timeout: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Outcome:
    """What became of an item.

    Parameters
    ----------
    duration : float
        Seconds of media; 0 where that is not known.
    final : bool
        False where it failed, and is tried once more.
    """

    item: str
    reply: Reply
    duration: float
    final: bool


def run_items(
    items: Sequence[str], places: Sequence[Place], job: Job
) -> Generator[Outcome, None, None]:
    """Do all items; a crash, an error, or more time than allowed costs the item that it happened to.

    Yields
    ------
    outcome : Outcome
        In the order in which they come; a second one for each item whose first was not final.

    Raises
    ------
    KeyboardInterrupt
        When the run is to end.
    SetupError
        When workers die again and again while they load.
    Exception
        Whatever `job.setup` raises: it would do so for every item.
    """
    todo = deque((item, 1) for item in items)
    again: deque[tuple[str, int]] = deque()
    lanes = [_Lane(place, job) for place in places[: max(1, len(items))]]
    try:
        while todo or again or any(lane.item is not None for lane in lanes):
            if not todo and all(lane.item is None for lane in lanes):
                todo, again = again, todo  # the end: once more, what failed
            for lane in lanes:
                if todo and lane.future is None:
                    lane.begin(todo)
            futures = [lane.future for lane in lanes if lane.future is not None]
            wait(futures, timeout=POLL, return_when=FIRST_COMPLETED)
            if job.stop.is_set():
                raise KeyboardInterrupt
            for lane in lanes:
                outcome = lane.look()
                if outcome is not None:
                    if not outcome.final:
                        again.append((outcome.item, 2))
                    yield outcome
    finally:
        with ThreadPoolExecutor(len(lanes)) as pool:  # each may take a while to clean up
            list(pool.map(lambda lane: lane.place.close(), lanes))


class _Lane:
    """A place, and what goes on there: nothing, loading (without an item), measuring (without a duration), working."""

    def __init__(self, place: Place, job: Job) -> None:
        self.place, self.job = place, job
        self.future: Future[Any] | None = None
        self.item: str | None = None
        self.tries, self.deaths, self.is_open = 0, 0, False

    def begin(self, todo: deque[tuple[str, int]]) -> None:
        """Open the place, or give it the next item."""
        if not self.is_open:
            self._wait_for(self.place.open(self.job.setup, self.job.threads), LOADING)
            return
        self.item, self.tries = todo.popleft()
        self.duration: float | None = None
        self._wait_for(self.place.call(self.job.duration, self.item), SHORTEST_LIMIT)

    def look(self) -> Outcome | None:
        """Take the next step where the future is there, or its time is over."""
        future, spent = self.future, time.monotonic() - self.began
        if future is None:
            return None
        if not future.done():
            if self.job.timeout is None or spent <= self.limit:
                return None
            what = "reading it" if self.duration is None else "work on it"
            seconds = f"{self.duration or 0:.1f} s of video"
            return self._lost(
                f"{what} did not end within {self.limit:.0f} s ({seconds}); its worker was ended"
            )
        self.future = None
        try:
            value = future.result()
        except Exception as error:
            if isinstance(error, (*self.place.lost, CancelledError)):
                return self._lost(KILLED, f"\n{type(error).__name__}: {error}")
            if self.item is None:
                raise
            return self._finish(Reply(error=f"{type(error).__name__}: {error}", trace=repr(error)))
        if self.item is None:
            self.is_open, self.deaths = True, 0
            return None
        if self.duration is None:
            self.duration = value
            limit = max(SHORTEST_LIMIT, (self.job.timeout or 0) * value)
            self._wait_for(self.place.call(worker.do, self.item), limit)
            return None
        return self._finish(value)

    def _wait_for(self, future: Future[Any], limit: float) -> None:
        self.future, self.limit, self.began = future, limit, time.monotonic()

    def _lost(self, why: str, more: str = "") -> Outcome | None:
        """End the worker, or what is left of it; another one takes its place."""
        self.place.kill()
        self.future, self.is_open = None, False
        if self.item is not None:
            spent = time.monotonic() - self.began
            return self._finish(Reply(error=why, trace=why + more, seconds=spent))
        self.deaths += 1
        if self.deaths >= STARTS:
            raise SetupError(
                f"workers died {STARTS} times as they loaded ({one_line(why + more)}); expected room for all of them: "
                "fewer of them (--jobs) need less memory, and --jobs 0 needs none of them"
            )
        return None

    def _finish(self, reply: Reply) -> Outcome:
        assert self.item is not None
        final = reply.error is None or self.tries > 1
        outcome = Outcome(self.item, reply, self.duration or 0.0, final)
        self.item = None
        return outcome
