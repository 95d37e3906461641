"""pins sync: the sign on real footage, the JSON, mending, and inputs that are broken."""

import json

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.shift_sound import write_shifted
from pins_plugin.data.video import VideoWriter


def sync_json(capsys, *arguments: str) -> dict:
    assert main(["sync", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def shifted(real_data, tmp_path):
    """Seven frames of delay on top of a clip that is in sync."""
    path = tmp_path / "late.mp4"
    write_shifted(real_data / "clips" / "p09_01.mpg", path, 7 / 25)
    return path


def test_late_sound_is_measured_and_mended(shifted, tmp_path, capsys) -> None:
    mended = tmp_path / "mended.mp4"
    late = sync_json(capsys, str(shifted), "--fix", str(mended))
    assert set(late) == {"offset_seconds", "offset_frames", "confidence", "decision"}
    assert late["decision"] == "shifted"
    assert abs(late["offset_frames"] - 7) <= 1
    assert late["offset_seconds"] == pytest.approx(0.28, abs=0.06)
    assert sync_json(capsys, str(mended))["decision"] == "in sync"


def test_words_say_late(shifted, capsys) -> None:
    assert main(["sync", str(shifted), "--quiet"]) == 0
    assert "too late (+7 frames" in capsys.readouterr().out


def write_video(path, num_frames: int, waveform=None):
    with VideoWriter(path, 96, 96, 25, sample_rate=None if waveform is None else 16000) as writer:
        for _ in range(num_frames):
            writer.add_image(np.full((96, 96, 3), 90, np.uint8))
        if waveform is not None:
            writer.add_sound(waveform)
    return str(path)


@pytest.mark.parametrize("num_frames", [1, 30])
def test_no_face_cannot_tell(tmp_path, capsys, num_frames: int) -> None:
    path = write_video(tmp_path / "wall.mp4", num_frames, np.zeros(16000, np.float32))
    assert sync_json(capsys, path) == {
        "offset_seconds": 0.0, "offset_frames": 0, "confidence": 0.0, "decision": "cannot tell",
    }  # fmt: skip


def test_unknown_offset_is_not_mended(tmp_path, capsys) -> None:
    path = write_video(tmp_path / "wall.mp4", 10, np.zeros(16000, np.float32))
    target = tmp_path / "out.mp4"
    assert main(["sync", path, "--fix", str(target), "--quiet"]) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("kind", ["missing", "text", "silent", "range"])
def test_a_mistake_is_one_line_and_status_2(tmp_path, capsys, kind: str) -> None:
    path = tmp_path / "a.mp4"
    options = []
    if kind == "text":
        path.write_text("no video")
    elif kind == "silent":
        write_video(path, 5)
    elif kind == "range":
        options = ["--max-offset", "99"]
    assert main(["sync", str(path), *options]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("pins sync: ")
    assert error.count("\n") == 0
