"""The command line as a user meets it."""

import subprocess
import sys
from pathlib import Path

import pytest

from pins_plugin import __version__
from pins_plugin.cli import COMMANDS, main
from pins_plugin.pipelines.people.registry import FILE, Cast


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert len(capsys.readouterr().out) > 80


def test_module_is_the_command() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pins_plugin", "--help"], capture_output=True, text=True, check=True
    )
    assert "usage: pins" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "invalid choice: 'nowhere'"),
        (["people", "cast"], "required: action; see"),
        (["people", "cast", "expire", "nan"], "expected a number of days, got 'nan'"),
        (["cut", "a.mp4", "--out", "o", "--max_yaw", "nan"], "--max_yaw: expected a number from 0 to 180, got 'nan'"),
        (["cut", "a.mp4", "--out", "o", "--size", "0"], "--size: expected a whole number from 16 to 2048, got '0'"),
        (["tracks", "a.mp4", "--every", "nan"], "--every: expected a number, got 'nan'"),
        (["tracks", __file__, "--device", "gpu"], "device 'gpu': not usable here"),
        (["evaluate", "m", "a.csv", "--seed", "-1"], "--seed: expected a whole number from 0 on, got '-1'"),
        (["simulate", "scenes", "o", "--seconds", "inf"], "--seconds: expected a number, got 'inf'"),
        (["convert", "o", "--to", "mot", "--frame_rate", "nan"], "--frame_rate: expected a number from 1 to 1000"),
        (["lipread", "a.mp4", "--at", "0-inf"], "--at: expected START-END"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line_and_status_2(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """Numbers that are none were tracebacks, or were taken: `expire nan` forgot everybody."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cast").mkdir()
    Cast("e").save(tmp_path / "cast" / FILE)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("pins") and error.count("\n") == 1
