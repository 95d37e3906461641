"""Loggers of a training run, with and without TensorBoard."""

from pathlib import Path

import pytest
from speechbrain.utils.train_logger import TensorboardLogger

from pins_plugin.train import logs


def test_without_tensorboard_training_logs_and_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "find_spec", lambda name: None)
    loggers = logs.make_loggers(tmp_path, 1)
    assert "pins_plugin[train]" in capsys.readouterr().out
    assert not any(isinstance(logger, TensorboardLogger) for logger in loggers)
    for logger in loggers:
        logger.log_stats({"epoch": 1, "seconds": 2.0}, {"loss": 0.5})
    assert "loss: 5.000e-01" in (tmp_path / "train_log.txt").read_text()


def test_tensorboard_is_used_where_it_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    assert any(isinstance(one, TensorboardLogger) for one in logs.make_loggers(tmp_path, 1))
