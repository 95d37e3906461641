"""A name of a folder is held by one process at a time."""

import errno
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pins_plugin.archive import claims
from pins_plugin.archive.claims import BusyError, claimed
from pins_plugin.archive.failures import Failures
from pins_plugin.errors import PinsError

HOLD = """
import sys, time
from pathlib import Path
from pins_plugin.archive.claims import claimed
with claimed(Path(sys.argv[1]), "a"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
    Path(sys.argv[1], "done").touch()
"""


def _hold(folder: Path, seconds: float) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_what_another_process_holds_is_refused_until_it_is_killed(tmp_path: Path) -> None:
    other = _hold(tmp_path, 600)
    with pytest.raises(BusyError, match="another run"), claimed(tmp_path, "a"):
        pass
    assert issubclass(BusyError, PinsError)  # one line where it ends a command
    with claimed(tmp_path, "b"):
        pass
    other.kill()
    other.wait()
    with claimed(tmp_path, "a"):
        pass


def test_a_share_without_locks_is_worked_on_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(claims.fcntl, "lockf", refuse)
    with claimed(tmp_path, "a", wait=True):
        Failures(tmp_path).note("a.mp4", "bad", "trace", 2)
    assert list(Failures(tmp_path).read()) == ["a.mp4"]


def test_one_may_wait_for_it(tmp_path: Path) -> None:
    other = _hold(tmp_path, 0.5)
    began = time.monotonic()
    with claimed(tmp_path, "a", wait=True):
        assert (tmp_path / "done").exists(), f"came in after {time.monotonic() - began:.2f} s"
    other.wait()
