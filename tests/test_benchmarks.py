"""Benchmarks of training still run: their trainer takes steps, their clips are read each way."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import training_data  # noqa: E402


def test_waiting_for_data_is_measured_each_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hparams = str(BENCHMARKS.parent / "hparams" / "demo.yaml")
    command = ["training_data.py", "--clips", "24", "--batch_size", "4", "--hparams", hparams]
    monkeypatch.setattr(sys, "argv", command)
    training_data.main()
    found = capsys.readouterr().out
    assert all(f"'way': '{way}'" in found for way in ("loose files", "cache", "tar shards"))
