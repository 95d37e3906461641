"""Clips that cannot be read are told, and are not looked at twice."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pins_plugin.data.media.audio import save_audio
from pins_plugin.data.media.video import VideoWriter
from pins_plugin.data.training import readable
from pins_plugin.data.training.readable import find_unreadable
from pins_plugin.types import TalkingFaceClip


def test_each_fault_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice, silent, broken = (tmp_path / name for name in ("voice.wav", "silent.mp4", "broken.mp4"))
    save_audio(voice, np.zeros(800, np.float32))
    with VideoWriter(silent, 16, 16, 25) as writer:
        writer.add_image(np.zeros((16, 16, 3), np.uint8))
    broken.write_bytes(b"x")
    (tmp_path / "faces").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "faces" / "0.jpg")
    (tmp_path / "empty").mkdir()
    pairs = {
        "good": (tmp_path / "faces", voice),
        "good video": (silent, voice),
        "mute": (silent, silent),
        "no face": (voice, voice),
        "no picture": (tmp_path / "empty", voice),
        "broken": (broken, voice),
    }
    clips = [TalkingFaceClip(name, "", "", *paths) for name, paths in pairs.items()]
    found = find_unreadable(clips, tmp_path / "notes", quiet=True)
    assert {name: text.partition(": ")[2].split(" (")[0][:22] for name, text in found.items()} == {
        "mute": "has no sound; expected",
        "no face": "holds no video stream;",
        "no picture": "holds no picture; expe",
        "broken": "not a readable media f",
    }
    monkeypatch.setattr(readable, "_fault", None)  # a second run asks the notes
    assert find_unreadable(clips, tmp_path / "notes", quiet=True) == found
