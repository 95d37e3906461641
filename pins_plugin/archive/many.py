"""A run over many files: where it is done, what is said meanwhile, what is noted of it."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pins_plugin.archive.failures import FILE, Failures
from pins_plugin.archive.places import LocalProcess, Place
from pins_plugin.archive.run import Job, Outcome, run_items
from pins_plugin.data.media.video import probe_video
from pins_plugin.errors import PinsError
from pins_plugin.utils.explain import explain
from pins_plugin.utils.files import write_json
from pins_plugin.utils.text import printable
from pins_plugin.utils.unfinished import FULL

SAY_EVERY = 10.0  # seconds; chosen, not measured


@dataclass(frozen=True)
class Machinery:
    """Where and how long.

    Parameters
    ----------
    jobs : int, optional
        Worker processes, or Ray actors; 0: this very process. With Ray, None: as many as the cluster has room for.
    ray : str, optional
        Address of a cluster, or "local".
    shard : (int, int)
        The part of the files that this run takes, from 1.
    timeout : float, optional
        Of one file, in multiples of its length; None: no limit.
    cpus, gpus : float
        Per worker; cpus is also the number of threads (None: the cores, divided).
    """

    jobs: int | None = 1
    ray: str | None = None
    shard: tuple[int, int] = (1, 1)
    timeout: float | None = 60.0  # chosen, not measured
    cpus: int | None = None
    gpus: float = 0.0

    @property
    def is_here(self) -> bool:
        """Whether no worker is started."""
        return self.jobs == 0 and self.ray is None

    def places(self) -> list[Place]:
        """Make the places, closed as yet."""
        if self.ray is not None:
            from pins_plugin.archive.on_ray import RayActor, connect, count_places

            cpus = self.cpus or 1
            ray = connect(self.ray, None if self.jobs is None else max(1, self.jobs) * cpus)
            count = self.jobs or count_places(ray, cpus, self.gpus)
            return [RayActor(ray, cpus, self.gpus) for _ in range(count)]
        if self.is_here:
            return [Place()]
        return [LocalProcess() for _ in range(self.jobs or 1)]

    @property
    def threads(self) -> int | None:
        """Per worker; None: as they are."""
        if self.is_here:
            return None
        if self.cpus is not None or self.ray is not None:
            return self.cpus or 1
        return max(1, (os.cpu_count() or 1) // (self.jobs or 1))


@dataclass
class Totals:
    """What became of a run.

    Parameters
    ----------
    files, done, already, failed, elsewhere : int
        All; done now; done before; failed twice; being worked on by another run.
    seconds, media_seconds : float
        That the run took; of video in what was done now.
    errors : dict of str to str
        File -> why it failed.
    """

    files: int
    done: int = 0
    already: int = 0
    failed: int = 0
    elsewhere: int = 0
    seconds: float = 0.0
    media_seconds: float = 0.0
    errors: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"{self.done} done", f"{self.already} done before", f"{self.failed} failed"]
        if self.elsewhere:
            parts.append(f"{self.elsewhere} being worked on by another run")
        rate = f"{self.media_seconds / max(self.seconds, 1e-9):.2f} h of video per hour"
        return f"{', '.join(parts)} of {self.files}; {self.media_seconds / 3600:.2f} h, {rate}"

    def status(self, strict: bool) -> int:
        """Of the process: 1 when all failed, or with `strict` when any did."""
        some = self.done + self.already + self.elsewhere
        return int(self.failed > 0 and (strict or some == 0))


def video_seconds(item: str) -> float:
    """Length of a video; 0 where it cannot be read, which the work itself will say."""
    try:
        return probe_video(item).duration
    except (PinsError, OSError):
        return 0.0


def run_many(
    command: str,
    files: Sequence[Path],
    out: Path,
    setup: Callable[[], Callable[[str], Any]],
    machinery: Machinery,
    show: Callable[[Any], bool],
    duration: Callable[[str], float] = video_seconds,
    quiet: bool = False,
) -> Totals:
    """Do the same with many files; a file that fails, crashes its worker or hangs costs itself only.

    Notes failures in `out/failed.jsonl`, and the totals in `out/summary.json` (`summary-2-of-8.json` of a shard). Ctrl-C
    and SIGTERM end the workers after they have cleaned up; the same run goes on later.

    Parameters
    ----------
    command : str
        For messages.
    setup : callable
        Gives, in a worker, the function that does one file.
    show : callable
        Takes what that function gave, in this process; tells whether it had been done before.
    duration : callable
        File -> seconds of media, in a worker.
    quiet : bool
        Say nothing on the way.
    """
    items = [str(path) for path in files]
    totals, failures = Totals(len(items)), Failures(out)
    began = said = time.monotonic()
    job = Job(setup, duration, machinery.threads, machinery.timeout)
    with _stoppable(job.stop, at_once=True):  # also while Ray starts, and until the totals are said
        try:
            places = machinery.places()
            # again: Ray, when it starts, takes signals for itself
            with (
                _stoppable(job.stop, machinery.is_here),
                closing(run_items(items, places, job)) as outcomes,
            ):
                for outcome in outcomes:
                    _count(outcome, totals, failures, show, command)
                    totals.seconds = time.monotonic() - began
                    if not quiet and time.monotonic() - said > SAY_EVERY:
                        said = time.monotonic()
                        print(f"pins {command}: {totals}", file=sys.stderr)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise PinsError(
                f"{error.filename or out}: {error.strerror}; make room: the same command goes on"
            ) from error
        finally:
            totals.seconds = round(time.monotonic() - began, 3)
            print(f"pins {command}: {totals}", file=sys.stderr)
            if totals.failed:
                print(f"pins {command}: why they failed is in {out / FILE}", file=sys.stderr)
            _note(out, command, totals, machinery.shard)
    return totals


def _count(
    outcome: Outcome, totals: Totals, failures: Failures, show: Callable[[Any], bool], command: str
) -> None:
    """Note what became of a file."""
    item, reply = outcome.item, outcome.reply
    if reply.busy:
        totals.elsewhere += outcome.final
    elif reply.error is not None:
        failures.note(item, reply.error, reply.trace, 1 + outcome.final)
        about = reply.error if reply.error.startswith(item) else f"{item}: {reply.error}"
        later = "" if outcome.final else " (will be tried once more)"
        print(f"pins {command}: {printable(about)}{later}", file=sys.stderr)
        if outcome.final:
            totals.failed += 1
            totals.errors[item] = reply.error
    else:
        failures.clear(item)
        before = show(reply.value)
        totals.already += before
        totals.done += not before
        totals.media_seconds += 0.0 if before else outcome.duration


def _note(out: Path, command: str, totals: Totals, shard: tuple[int, int]) -> None:
    """Write the totals; where there is no room for them, they were said, and what ended the run is told instead."""
    index, count = shard
    name = "summary.json" if count == 1 else f"summary-{index}-of-{count}.json"
    try:
        write_json(out / name, {"command": command, **asdict(totals)})
    except OSError as error:
        if error.errno not in FULL:
            raise
        print(f"pins {command}: {explain(error)}", file=sys.stderr)


@contextmanager
def _stoppable(stop: threading.Event, at_once: bool) -> Iterator[None]:
    """Let Ctrl-C, and SIGTERM, which batch systems send, end the run.

    Unless `at_once`, at the next look at the workers: an exception that is raised wherever the main thread happens to be
    can be lost, or leave a pool half-made. A second signal interrupts at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        again = stop.is_set()
        stop.set()  # ends the run where an exception is lost, as in what Ray runs of its own
        if at_once or again:
            raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
