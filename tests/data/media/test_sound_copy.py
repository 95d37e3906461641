"""The sound of one file carried into another."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.audio import load_audio, save_audio
from pins_plugin.data.media.video import iter_frames
from pins_plugin.data.media.video_writer import VideoWriter

TIMES = (0.0, 0.03, 0.11, 0.2, 0.25, 0.4, 1.0, 1.01, 1.5)
PICTURE = np.zeros((48, 64, 3), np.uint8)


def _tone(seconds: float) -> np.ndarray:
    times = np.arange(round(seconds * 16000)) / 16000
    return (0.5 * np.sin(2 * np.pi * 440 * times) * (times > 0.3)).astype(np.float32)


def _write(path: Path, **options: object) -> None:
    with VideoWriter(path, 64, 48, 25, **options) as writer:
        for time in TIMES:
            writer.add_image(PICTURE, time)


def test_video_writer_keeps_variable_frame_times(tmp_path: Path) -> None:
    _write(tmp_path / "a.mp4")
    assert [frame.time for frame in iter_frames(tmp_path / "a.mp4")] == pytest.approx(TIMES)


@pytest.mark.parametrize("name", ["voice.wav", "voice.flac"])
def test_sound_copy_encodes_what_mp4_cannot_hold(tmp_path: Path, name: str) -> None:
    save_audio(tmp_path / name, _tone(1.5))
    _write(tmp_path / "a.mp4", sound_of=tmp_path / name)
    sound = load_audio(tmp_path / "a.mp4")[: 24000 - 2000]
    assert np.corrcoef(sound, _tone(1.5)[: len(sound)])[0, 1] > 0.98


def test_sound_copy_takes_aac_over_bit_by_bit(tmp_path: Path) -> None:
    save_audio(tmp_path / "voice.wav", _tone(1.5))
    _write(tmp_path / "a.mp4", sound_of=tmp_path / "voice.wav")
    _write(tmp_path / "b.mp4", sound_of=tmp_path / "a.mp4")
    assert np.array_equal(load_audio(tmp_path / "a.mp4"), load_audio(tmp_path / "b.mp4"))


def test_sound_copy_of_a_silent_file_copies_nothing(tmp_path: Path) -> None:
    _write(tmp_path / "a.mp4")
    _write(tmp_path / "b.mp4", sound_of=tmp_path / "a.mp4")
    assert len(list(iter_frames(tmp_path / "b.mp4"))) == len(TIMES)
