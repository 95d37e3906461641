"""Runs a call in a fork of this process, which has imported the package: cheap, and whatever dies, dies there."""

import contextlib
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pins_plugin.cli import main
from pins_plugin.errors import PinsError

MOST_MEMORY = 3.0  # GB that a call may take besides what the process had
LOADED = 10  # times longer than on an idle machine that a call may take before it counts as held up
FAILED = 70  # exit status of a call that raised what it should not
CLEAR_LINE = 400  # characters, at most, of the one line that tells a user what is wrong


@dataclass
class Row:
    """What was tried, how often it went well, and what went wrong."""

    what: str
    tried: int = 0
    good: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, fault: str | None, case: str = "") -> None:
        """Take in one result; a fault of None is a good one."""
        self.tried += 1
        self.good += fault is None
        if fault is not None:
            self.faults.append(f"{case}: {fault}" if case else fault)


@dataclass(frozen=True)
class Outcome:
    """How a fork ended: exit status (negative: killed by that signal; None: it hung), what it printed, GB it took."""

    status: int | None
    printed: str
    memory: float

    def fault(self, allowed: Sequence[int] = (0,)) -> str | None:
        """Say what is wrong with it, in one line; None where nothing is."""
        last = (self.printed.strip().splitlines() or [""])[-1][:160]
        if self.status in (None, -signal.SIGXCPU, -signal.SIGKILL):
            return "hang"
        if self.memory > MOST_MEMORY:
            return f"{self.memory:.1f} GB"
        if self.status in allowed:
            return None
        return f"crash by signal {-self.status}" if self.status < 0 else f"{last or self.status}"


def start(
    call: Callable[[], Any],
    log: Path,
    limits: Callable[[], Any] | None = None,
    seconds: float | None = None,
) -> int:
    """Start a call in a fork and give its process id; what it prints goes to `log`.

    After `seconds` of computing it is ended.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    _memory_file(log).write_text("")
    child = os.fork()
    if child:
        return child
    status = FAILED
    with contextlib.suppress(BaseException):
        os.setpgid(0, 0)
        _memory_file(log).write_text(str(_memory_now()))
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number, name in (
            (1, "stdout"),
            (2, "stderr"),
        ):  # also where a test has put others there
            os.dup2(handle, number)
            setattr(sys, name, os.fdopen(number, "w", buffering=1, closefd=False))
        if seconds is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (max(1, round(seconds)),) * 2)
        if limits is not None:
            limits()
        try:
            status = int(call() or 0)
        except PinsError as error:
            print(f"PinsError: {error}", file=sys.stderr)
            status = 2
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else FAILED
        except BaseException:
            traceback.print_exc()
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
    os._exit(status)


def finish(child: int, log: Path, seconds: float) -> Outcome:
    """Wait for a fork; one that takes far longer than `seconds` is ended with its children."""
    end = time.monotonic() + LOADED * seconds
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > end:
            kill(child)
            os.wait4(child, 0)
            return Outcome(None, "", 0.0)
        time.sleep(0.002)
    memory = max(0.0, usage.ru_maxrss / 2**20 - float(_memory_file(log).read_text() or 0))
    printed = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    return Outcome(os.waitstatus_to_exitcode(status), printed, memory)


def _memory_now() -> float:
    """GB that this process has in memory."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _memory_file(log: Path) -> Path:
    """Where a fork notes what it has in memory from the start."""
    return log.with_name(f"{log.name}.memory")


def kill(child: int) -> None:
    """End a fork and what it started, at once."""
    for process in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            process(child, signal.SIGKILL)


def in_fork(
    call: Callable[[], Any], log: Path, seconds: float, limits: Callable[[], Any] | None = None
) -> Outcome:
    """Run a call in a fork to its end."""
    return finish(start(call, log, limits, seconds), log, seconds)


def pins(*arguments: str | Path) -> Callable[[], int]:
    """Make a call of the `pins` command."""
    texts = [str(argument) for argument in arguments]
    return lambda: main(texts)


def command_fault(outcome: Outcome, *, may_fail: bool = True) -> str | None:
    """Say what is wrong with how a command ended: success, or status 2 with one clear line, is good."""
    fault = outcome.fault((0, 2) if may_fail else (0,))
    if fault is None and outcome.status == 2:
        lines = [line for line in outcome.printed.splitlines() if line.startswith("pins ")]
        if len(lines) != 1 or len(lines[0]) > CLEAR_LINE or "Traceback" in outcome.printed:
            return f"no clear line: {outcome.printed.strip()[-160:]!r}"
    return fault


def wrong_exceptions(calls: dict[str, Callable[[], Any]]) -> int:
    """Run calls one after the other; prints, in one line, those that raise anything but a PinsError."""
    wrong = []
    for name, call in calls.items():
        try:
            call()
        except PinsError as error:
            if "\n" in str(error):
                wrong.append(f"{name}: an error of several lines")
        except Exception as error:
            wrong.append(f"{name}: {type(error).__name__} {' '.join(str(error).split())[:80]}")
    if wrong:
        print("; ".join(wrong))
    return FAILED if wrong else 0
