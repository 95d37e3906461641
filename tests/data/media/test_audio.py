"""Sound lands on the media clock, whatever the file's rate, channels and start."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from pins_plugin.data.media.audio import load_audio, save_audio
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError


def _tone(duration: float, rate: int = 16000, frequency: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(duration * rate)) / rate).astype(
        np.float32
    )


def test_wav_round_trip(tmp_path: Path) -> None:
    save_audio(tmp_path / "a.wav", _tone(0.5))
    assert load_audio(tmp_path / "a.wav") == pytest.approx(_tone(0.5), abs=1e-4)


@pytest.mark.parametrize(("name", "shape"), [("a.mp3", (9,)), ("a", (9,)), ("a.wav", (2, 9))])
def test_what_is_not_written_is_told(tmp_path: Path, name: str, shape: tuple) -> None:
    with pytest.raises(MediaError, match=r"\.wav or \.flac and samples"):
        save_audio(tmp_path / name, np.zeros(shape, np.float32))


def test_8_khz_stereo_becomes_16_khz_mono(tmp_path: Path) -> None:
    tone = _tone(1.0, rate=8000)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], axis=1), 8000)
    waveform = load_audio(tmp_path / "a.wav")
    assert len(waveform) == pytest.approx(16000, abs=32)
    peak = np.abs(np.fft.rfft(waveform[:16000])).argmax()
    assert peak == 440
    assert np.abs(waveform[2000:14000]).max() == pytest.approx(0.25, abs=0.02)  # mean of channels


def test_late_sound_is_padded_with_silence(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        for _ in range(50):
            image = np.zeros((64, 64, 3), np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(
            (_tone(1.0) * 32767).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate, frame.time_base, frame.pts = 16000, Fraction(1, 16000), 8000
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    waveform = load_audio(path)
    assert np.abs(waveform[:7900]).max() == 0
    assert np.abs(waveform[8000:8400]).max() > 0.4
    assert len(waveform) == pytest.approx(24000, abs=200)


def test_sound_of_a_video_keeps_its_place(tmp_path: Path) -> None:
    click = np.zeros(32000, np.float32)
    click[16000:16080] = 0.9
    with VideoWriter(tmp_path / "a.mp4", 64, 64, 25, sample_rate=16000) as video:
        for _ in range(50):
            video.add_image(np.zeros((64, 64, 3), np.uint8))
        video.add_sound(click)
    waveform = load_audio(tmp_path / "a.mp4")
    assert np.abs(waveform).argmax() == pytest.approx(16040, abs=80)


def test_silent_video_is_an_error(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 64, 64, 25) as video:
        video.add_image(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(MediaError, match="has no sound"):
        load_audio(tmp_path / "a.mp4")


def test_text_named_wav_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("not a sound")
    with pytest.raises(MediaError, match="not a readable media file"):
        load_audio(tmp_path / "a.wav")
