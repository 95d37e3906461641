"""`pins diarize` from the command line."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.media.audio import save_audio


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


def test_the_reference_of_one_file_may_be_called_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As for `pins link --diarization`; it was refused, after all of the work. Of several files each needs its own."""
    for name in ("a", "b"):
        save_audio(tmp_path / f"{name}.wav", np.zeros(16000, np.float32))
    rttm = tmp_path / "truth.rttm"
    rttm.write_text("SPEAKER meeting 1 0.00 0.50 <NA> <NA> anna <NA> <NA>\n")
    assert main(["diarize", str(tmp_path / "a.wav"), "--reference", str(rttm)]) == 0
    assert "TOTAL" in capsys.readouterr().out
    files = [str(tmp_path / "a.wav"), str(tmp_path / "b.wav")]
    assert main(["diarize", *files, "--reference", str(rttm)]) == 2
    printed = capsys.readouterr()
    assert "expected turns of a, got those of meeting" in printed.err and not printed.out


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


def test_a_broken_file_costs_itself_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pins_plugin.pipelines.diarization import audio_file

    for name in ("good", "odd", "good2"):
        save_audio(tmp_path / f"{name}.wav", np.zeros(16000, np.float32))
    (tmp_path / "bad.wav").write_text("no sound")
    load = audio_file.load_audio

    def load_some(path: str) -> np.ndarray:
        if "odd" in path:
            raise ValueError("nobody thought of this")
        return load(path)

    monkeypatch.setattr(audio_file, "load_audio", load_some)
    names = ("good", "bad", "odd", "good2")
    files = [str(tmp_path / f"{name}.wav") for name in names]
    assert main(["diarize", *files, "--out", str(tmp_path / "all.rttm")]) == 2
    printed = capsys.readouterr()
    assert "good2.wav: 0 turns" in printed.out and (tmp_path / "all.rttm").is_file()
    last = printed.err.splitlines()[-1]
    assert "2 of 4 files" in last and "bad.wav" in last and "odd.wav" in last
    assert "nobody thought of this" in printed.err


def test_two_files_of_one_name_are_not_mixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        files.append(str(tmp_path / folder / "talk.wav"))
        save_audio(files[-1], np.zeros(16000, np.float32))
    assert main(["diarize", *files, "--out", str(tmp_path / "all.rttm")]) == 2
    assert "both are called talk" in capsys.readouterr().err
    assert main(["diarize", *files]) == 0


def test_the_place_is_tried_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("a file")
    out = tmp_path / "file" / "all.rttm"
    assert main(["diarize", str(tmp_path / "nowhere.wav"), "--out", str(out)]) == 2
    assert "is a file; expected a folder" in capsys.readouterr().err
