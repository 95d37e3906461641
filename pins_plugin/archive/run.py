"""One item after the other in several places at once: what fails costs itself only, and is tried once more at the end."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from typing import Any

from pins_plugin.archive import worker
from pins_plugin.archive.places import Place
from pins_plugin.archive.worker import Reply, SetupError

STARTS = 3  # that a worker may die at in a row, before the run gives up; chosen, not measured
POLL = 0.5  # seconds between two looks at the clock; chosen, not measured


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
    least : float
        Seconds that even the shortest item may take.
    loading : float
        Seconds that a worker may take to load.
    stop : threading.Event
        Set when the run is to end; looked at between two waits.
    """

    setup: Callable[[], worker.Work]
    duration: Callable[[str], float]
    threads: int | None = None
    timeout: float | None = None
    least: float = 120.0  # chosen, not measured
    loading: float = 900.0  # chosen, not measured
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


@dataclass
class _Slot:
    """A place, and what goes on there."""

    place: Place
    future: Future[Any] | None = None
    state: str = "closed"  # loading, idle, measuring, working
    item: str | None = None
    tries: int = 0
    began: float = 0.0
    limit: float | None = None
    duration: float = 0.0
    deaths: int = 0


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
    slots = [_Slot(place) for place in places[: max(1, len(items))]]
    try:
        while True:
            if not todo and again and all(slot.item is None for slot in slots):
                todo, again = again, todo  # the end: once more, what failed
            for slot in slots:
                _feed(slot, todo, job)
            futures = [slot.future for slot in slots if slot.future is not None]
            busy = [slot for slot in slots if slot.item is not None]
            if not busy and not todo and not again:
                return
            wait(futures, timeout=POLL, return_when=FIRST_COMPLETED)
            if job.stop.is_set():
                raise KeyboardInterrupt
            for slot in slots:
                outcome = _look(slot, job)
                if outcome is not None:
                    if not outcome.final:
                        again.append((outcome.item, 2))
                    yield outcome
    finally:
        for slot in slots:
            slot.place.close()


def _feed(slot: _Slot, todo: "deque[tuple[str, int]]", job: Job) -> None:
    """Open the place, or give it the next item, where it has nothing to do."""
    if not todo or slot.state not in ("closed", "idle"):
        return
    slot.began = time.monotonic()
    if slot.state == "closed":
        slot.state, slot.limit = "loading", job.loading
        slot.future = slot.place.open(job.setup, job.threads)
        return
    slot.item, slot.tries = todo.popleft()
    slot.state, slot.limit, slot.duration = "measuring", job.least, 0.0
    slot.future = slot.place.call(job.duration, slot.item)


def _look(slot: _Slot, job: Job) -> Outcome | None:
    """Take the next step of a place whose future is there, or whose time is over."""
    if slot.future is None:
        return None
    if not slot.future.done():
        timed = job.timeout is not None and slot.limit is not None
        if timed and time.monotonic() - slot.began > slot.limit:  # type: ignore[operator]
            return _late(slot)
        return None
    future, slot.future = slot.future, None
    try:
        value = future.result()
    except Exception as error:
        if isinstance(error, (*slot.place.lost, CancelledError)):
            return _died(slot, error)
        if slot.state == "loading":
            raise
        return _finish(slot, Reply(error=f"{type(error).__name__}: {error}", trace=repr(error)))
    if slot.state == "loading":
        slot.state, slot.deaths = "idle", 0
        return None
    if slot.state == "measuring":
        _begin(slot, value, job)
        return None
    return _finish(slot, value)


def _begin(slot: _Slot, duration: float, job: Job) -> None:
    assert slot.item is not None
    slot.state, slot.duration, slot.began = "working", duration, time.monotonic()
    slot.limit = None if job.timeout is None else max(job.least, job.timeout * duration)
    slot.future = slot.place.call(worker.do, slot.item)


def _late(slot: _Slot) -> Outcome | None:
    spent = time.monotonic() - slot.began
    slot.place.kill()
    slot.future = None
    if slot.item is None:
        return _died(slot, TimeoutError(f"not loaded within {spent:.0f} s"))
    what = "reading it" if slot.state == "measuring" else "work on it"
    text = f"{what} did not end within {slot.limit:.0f} s ({slot.duration:.1f} s of video); its worker was ended"
    return _finish(slot, Reply(error=text, trace=text, seconds=spent), state="closed")


def _died(slot: _Slot, error: BaseException) -> Outcome | None:
    slot.place.kill()
    if slot.item is None:
        slot.state, slot.future, slot.deaths = "closed", None, slot.deaths + 1
        if slot.deaths >= STARTS:
            raise SetupError(f"a worker died {STARTS} times while it was loaded: {error}")
        return None
    text = "its worker was killed or crashed (a decoder, or too little memory)"
    spent = time.monotonic() - slot.began
    trace = f"{text}\n{type(error).__name__}: {error}"
    return _finish(slot, Reply(error=text, trace=trace, seconds=spent), state="closed")


def _finish(slot: _Slot, reply: Reply, state: str = "idle") -> Outcome:
    assert slot.item is not None
    final = reply.error is None or slot.tries > 1
    outcome = Outcome(slot.item, reply, slot.duration, final)
    slot.item, slot.state = None, state
    return outcome
