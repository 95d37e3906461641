"""A small, seeded part of the campaigns of benchmarks/robustness.py, and the yardstick that they measure with."""

import itertools
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from campaigns import data_files, forks, media  # noqa: E402
from campaigns.mutations import mutate_bytes, mutate_json  # noqa: E402

from pins_plugin.errors import MediaError  # noqa: E402


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (lambda: 0, None),
        (lambda: _raise(MediaError("a: one line")), "one line"),
        (lambda: _raise(KeyError("oh")), "KeyError"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "crash by signal 11"),
        (lambda: next(n for n in itertools.count() if n < 0), "hang"),
        (lambda: np.ones(2**26).sum() * 0, " GB"),
    ],
)
def test_what_goes_wrong_in_a_fork_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call, fault: str | None
) -> None:
    """Forks that could not fail would make every campaign a good one."""
    monkeypatch.setattr(forks, "MOST_MEMORY", 0.3)
    seconds = 2.0 if fault == "hang" else 20.0
    found = forks.in_fork(call, tmp_path / "log", seconds).fault()
    assert (found is None) if fault is None else (fault in str(found)), found


def test_commands_end_well_or_in_one_clear_line(tmp_path: Path) -> None:
    def judge(*arguments: str) -> str | None:
        outcome = forks.in_fork(forks.pins(*arguments), tmp_path / "log", 60)
        return forks.command_fault(outcome)

    assert judge("plugins") is None
    assert judge("report", str(tmp_path / "absent.json")) is None
    traceback = forks.Outcome(2, "Traceback (most recent call last):\npins link: oh", 0.0)
    assert "no clear line" in str(forks.command_fault(traceback))


def test_damage_depends_on_the_seed_alone() -> None:
    content = b'{"a": [1, 2, {"b": "c"}], "d": null}' * 9
    first, again, other = (mutate_bytes(content, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first == again != other
    assert first != content
    text = b'{"a": [1, 2, {"b": "c"}], "d": null}'
    damaged = {mutate_json(text, np.random.default_rng(seed)) for seed in range(50)}
    assert len(damaged) > 40


def test_damaged_data_files_are_read_or_refused(tmp_path: Path) -> None:
    whole, damaged = data_files.fuzz_data_files(tmp_path, seed=1, seconds=0.0)
    assert (whole.tried, whole.faults) == (len(data_files.KINDS), [])
    assert (damaged.tried, damaged.faults) == (20 * len(data_files.KINDS), [])


def test_damaged_pictures_are_read_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "VIDEOS", {})
    monkeypatch.setattr(media, "SOUNDS", {})
    whole, damaged = media.fuzz_media(tmp_path, seed=1, seconds=0.0, least=30)
    assert (whole.tried, whole.faults) == (len(media.PICTURES), [])
    assert (damaged.tried, damaged.faults) == (30, [])


def test_damaged_media_files_are_read_or_refused(tmp_path: Path) -> None:
    whole, damaged = media.fuzz_media(tmp_path, seed=1, seconds=0.0, least=12)
    assert (whole.tried, whole.faults) == (17, [])
    assert (damaged.tried, damaged.faults) == (12, [])
