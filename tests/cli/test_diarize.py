"""`pins diarize` from the command line."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.audio import save_audio


def test_real_meeting_is_scored_against_its_reference(
    tmp_path: Path, real_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ami = real_data / "ami"
    out = tmp_path / "found.rttm"
    code = main(
        [
            "diarize",
            str(ami / "trn03.flac"),
            "--out",
            str(out),
            "--reference",
            str(ami / "ami_mini.rttm"),
        ]
    )
    assert code == 0
    rate = float(capsys.readouterr().out.split("TOTAL")[1].split()[0])
    assert 0 < rate < 25  # percent; one person speaks nearly all the time
    assert out.read_text().startswith("SPEAKER trn03 1 ")


def test_silence_has_no_turns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_audio(tmp_path / "silence.wav", np.zeros(16000, np.float32))
    assert main(["diarize", str(tmp_path / "silence.wav")]) == 0
    assert "0 turns of 0 speakers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nowhere.wav"], "no such file"), (["a.wav", "--num-speakers", "0"], "at least 1")],
)
def test_mistakes_are_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diarize", *arguments]) == 2
    assert message in capsys.readouterr().err
