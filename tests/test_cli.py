"""The command line as a user meets it."""

import subprocess
import sys

import pytest

from pins_plugin import __version__
from pins_plugin.cli import COMMANDS, main


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
