"""Whatever pyannote calls a file is heard as pyannote documents it."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from pins_plugin.errors import MediaError
from pins_plugin.pipelines.diarization.audio_file import file_path, file_uri, load_audio

RATE = 16000


def tone(level: float, seconds: float = 0.5) -> np.ndarray:
    return np.full(round(seconds * RATE), level, np.float32)


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    """0.2 on the left, 0.6 on the right."""
    path = tmp_path / "tel 1.wav"
    soundfile.write(path, np.stack([tone(0.2), tone(0.6)], axis=1), RATE)
    return path


@pytest.mark.parametrize(("channel", "level"), [(None, 0.4), (0, 0.2), (1, 0.6)])
@pytest.mark.parametrize("kind", ["path", "text", "open", "bytes", "waveform", "array"])
def test_every_kind_of_file_and_its_channel(
    stereo: Path, kind: str, channel: int | None, level: float
) -> None:
    samples, _ = soundfile.read(stereo, dtype="float32")
    given: dict[str, Any] = {
        "path": lambda: {"audio": stereo},
        "text": lambda: {"video": str(stereo)},
        "open": lambda: {"audio": stereo.open("rb")},
        "bytes": lambda: {"audio": io.BytesIO(stereo.read_bytes())},
        "waveform": lambda: {"waveform": torch.from_numpy(samples.T.copy()), "sample_rate": RATE},
        "array": lambda: {"waveform": samples.T, "sample_rate": RATE},
    }[kind]()
    if channel is not None:
        given["channel"] = channel
    waveform = load_audio(given)
    assert (waveform.shape, waveform.dtype) == ((RATE // 2,), np.float32)
    np.testing.assert_allclose(waveform, level, atol=1e-3)


def test_an_open_file_may_be_read_twice(stereo: Path) -> None:
    with stereo.open("rb") as file:
        file.read(10)
        np.testing.assert_array_equal(load_audio(file), load_audio({"audio": file}))


def test_what_is_given_first_counts(stereo: Path, tmp_path: Path) -> None:
    """As in pyannote: the waveform, then the audio; the video is heard where there is neither."""
    soundfile.write(tmp_path / "video.wav", tone(0.9), RATE)
    file = {"audio": stereo, "video": tmp_path / "video.wav"}
    np.testing.assert_allclose(load_audio(file), 0.4, atol=1e-3)
    assert file_path(file) == tmp_path / "video.wav"
    np.testing.assert_allclose(load_audio({**file, "audio": None}), 0.9, atol=1e-3)
    file = {**file, "waveform": tone(0.1), "sample_rate": RATE}
    np.testing.assert_allclose(load_audio(file), 0.1, atol=1e-3)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ({"waveform": np.zeros((1000, 2), np.float32)}, "its transpose"),
        ({"waveform": np.full((1, 1000), np.nan, np.float32)}, "finite"),
        ({"waveform": np.zeros((2, 1000), np.float32), "channel": 2}, "2 channels"),
        ({"uri": "a"}, "got the keys"),
        ({"audio": io.BytesIO(b"no sound")}, "not a readable media file"),
    ],
)
def test_what_is_no_sound_is_refused(file: dict[str, Any], message: str) -> None:
    with pytest.raises(MediaError, match=message):
        load_audio(file)


def test_a_channel_that_a_file_lacks_is_refused(stereo: Path) -> None:
    with pytest.raises(MediaError, match="holds 2 channels, asked for channel 2"):
        load_audio({"audio": stereo, "channel": 2})


def test_names_of_files(stereo: Path) -> None:
    assert file_uri(stereo) == "tel_1"
    assert file_uri({"audio": "a/Bildschirm\u202fPM.mp4"}) == "Bildschirm_PM"  # as RTTM has it
    assert file_uri({"audio": io.BytesIO()}) == file_uri(io.BytesIO()) == "stream"
    assert file_uri({"waveform": np.zeros((1, 9))}) == "waveform"
    with pytest.raises(MediaError, match="path of a video"):
        file_path(io.BytesIO())
