"""What is wrong with a clip is told, and whose fault it is."""

from pathlib import Path

import numpy as np
from PIL import Image

from pins_plugin.data.media.audio import save_audio
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.data.training.readable import find_fault
from pins_plugin.types import TalkingFaceClip


def test_each_fault_is_told(tmp_path: Path) -> None:
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
    faults = {
        name: find_fault(TalkingFaceClip(name, "", "", *paths)) for name, paths in pairs.items()
    }
    said = {
        name: (found[0], found[1].split(" (")[0][:24]) for name, found in faults.items() if found
    }
    assert said == {
        "mute": ("audio", ": has no sound; expected"),
        "no face": ("audio", ": holds no video stream;"),  # which is the face's file, too
        "no picture": ("faces", ": holds no picture; expe"),
        "broken": ("faces", ": not a readable media f"),
    }
    assert faults["good"] is None and faults["good video"] is None
