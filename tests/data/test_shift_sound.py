"""Moving the sound of a file: by how much, which way, and what must stay."""

import numpy as np
import pytest

from pins_plugin.data.audio import load_audio
from pins_plugin.data.shift_sound import write_shifted
from pins_plugin.data.video import VideoWriter, iter_frames
from pins_plugin.errors import MediaError


@pytest.fixture
def clicking(tmp_path):
    """Two seconds, black but for a flash at 1 s, silent but for a click at 1 s."""
    path = tmp_path / "click.mp4"
    waveform = np.zeros(32000, np.float32)
    waveform[16000:16160] = 0.9
    with VideoWriter(path, 64, 48, 25, sample_rate=16000) as writer:
        for index in range(50):
            writer.add_image(np.full((48, 64, 3), 255 * (index == 25), np.uint8))
        writer.add_sound(waveform)
    return path


def click_and_flash(path) -> tuple[float, float]:
    waveform = np.abs(load_audio(path))
    flash = max(iter_frames(path), key=lambda frame: frame.image.mean()).time
    return float(waveform.argmax()) / 16000, flash


@pytest.mark.parametrize("seconds", [-0.4, -0.05, 0.0, 0.12, 0.5])
def test_sound_moves_against_the_picture(clicking, tmp_path, seconds: float) -> None:
    write_shifted(clicking, tmp_path / "out.mp4", seconds)
    click, flash = click_and_flash(tmp_path / "out.mp4")
    assert click - flash == pytest.approx(seconds, abs=0.015)


def test_source_stays_and_target_is_whole_or_absent(clicking, tmp_path) -> None:
    before = clicking.read_bytes()
    with pytest.raises(MediaError, match="another file"):
        write_shifted(clicking, clicking, 0.1)
    with pytest.raises(MediaError, match="cannot be written"):
        write_shifted(clicking, tmp_path / "out.nothing", 0.1)
    assert clicking.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["click.mp4"]


def test_silent_video_is_refused(tmp_path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer:
        writer.add_image(np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(MediaError, match="picture and sound"):
        write_shifted(tmp_path / "a.mp4", tmp_path / "b.mp4", 0.1)
