"""`pins crop`: videos of who speaks, decoded again."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter

RED, BLUE = [200, 30, 30], [30, 30, 200]


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """Four seconds: a red face at the left speaks low, then a blue one at the right speaks high."""
    picture = np.full((120, 320, 3), 90, np.uint8)
    picture[30:90, 20:70] = RED
    picture[30:90, 250:300] = BLUE
    time = np.arange(4 * 16000) / 16000
    sound = 0.3 * np.sin(2 * np.pi * np.where(time < 2, 200, 900) * time)
    with VideoWriter(tmp_path / "talk.mp4", 320, 120, 25, sample_rate=16000) as writer:
        for _ in range(100):
            writer.add_image(picture)
        writer.add_sound(sound.astype(np.float32))
    boxes = {"L": [20, 30, 70, 90], "R/<x>": [250, 30, 300, 90]}
    links = {
        "version": 1, "video": str(tmp_path / "talk.mp4"), "duration": 4.0,
        "links": [
            {"start": 0, "end": 2, "speaker": "S0", "person": "L", "box": None, "confidence": 0.9},
            {"start": 2, "end": 4, "speaker": "S1", "person": "R/<x>", "box": None, "confidence": 0.9},
        ],
        "tracks": [{"track": f"T{n}", "person": name, "shot": 0, "boxes": [[round(0.04 * k, 2), *box] for k in range(100)]} for n, (name, box) in enumerate(boxes.items())],
    }  # fmt: skip
    (tmp_path / "links.json").write_text(json.dumps(links))
    return tmp_path


def _pitch(path: Path) -> float:
    sound = load_audio(path)
    spectrum = np.abs(np.fft.rfft(sound))
    return float(spectrum.argmax() * 16000 / len(sound))


def test_faces_with_their_sound(linked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = linked / "faces"
    assert main(["crop", str(linked), "--faces", "--out", str(out), "--size", "64", "--quiet"]) == 0
    rows = list(csv.DictReader((out / "faces.csv").read_text().splitlines()))
    assert [(row["person"], row["start"], row["end"]) for row in rows] == [("L", "0.000", "2.000"), ("R/<x>", "2.000", "3.960")]  # fmt: skip
    for row, color, pitch in zip(rows, (RED, BLUE), (200, 900), strict=True):
        path = out / row["file"]
        frames = list(iter_frames(path))
        assert len(frames) == pytest.approx(25 * (float(row["end"]) - float(row["start"])), abs=1)
        assert frames[5].image.shape == (64, 64, 3)
        assert np.abs(frames[5].image[32, 32].astype(int) - color).max() < 30
        assert _pitch(path) == pytest.approx(pitch, rel=0.02)


def test_a_square_version_follows_the_speaker(linked: Path) -> None:
    out = linked / "square"
    assert main(["crop", str(linked), "--shape", "1:1", "9:16", "--out", str(out), "--quiet"]) == 0
    info = probe_video(out / "talk_1x1.mp4")
    assert (info.width, info.height, info.has_audio) == (120, 120, True)
    frames = list(iter_frames(out / "talk_1x1.mp4"))
    assert len(frames) == 100
    for number, color in ((10, RED), (90, BLUE)):
        shown = frames[number].image.reshape(-1, 3).astype(int)
        assert (np.abs(shown - color).max(axis=1) < 40).mean() > 0.15
    rows = list(csv.DictReader((out / "talk_9x16.csv").read_text().splitlines()))
    assert [rows[10]["person"], rows[90]["person"]] == ["L", "R/<x>"]


@pytest.mark.parametrize(
    ("options", "message"),
    [([], "--shape 9:16"), (["--shape", "x"], "--shape"), (["--faces", "--size", "1"], "--size"), (["--faces", "--video", "gone.mp4"], "gone.mp4")],
)  # fmt: skip
def test_mistakes_are_explained(linked: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str) -> None:  # fmt: skip
    assert main(["crop", str(linked), "--out", str(linked / "o"), *options]) == 2
    assert message in capsys.readouterr().err
