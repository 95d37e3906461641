"""Sound in and out: mono float32 NumPy arrays in [-1, 1]."""

from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pins_plugin.data.media.clock import read_clock
from pins_plugin.data.media.container import choose_stream, open_media
from pins_plugin.data.media.sound_stream import decode_sound
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import atomic_path

SAMPLE_RATE = 16000  # Hz, of everything inside this package


def load_audio(
    path: str | Path, sample_rate: int = SAMPLE_RATE, channel: int | None = None
) -> NDArray[np.float32]:
    """Read the sound of any media file, on the file's media clock: the track that a player plays by default.

    Channels are averaged, the rate is converted. Where sound starts later than the picture (common in
    real files) the waveform begins with that much silence, so that sample i always sounds at
    i / sample_rate seconds of the media clock; gaps in the time stamps become silence too, samples that outrun
    their time stamps are dropped, and what is no number (NaN, infinity) is silence.

    Parameters
    ----------
    path : str or Path
        Sound or video file.
    sample_rate : int
        In Hz.
    channel : int, optional
        This channel alone, counted from zero, in place of the mean of all.

    Returns
    -------
    waveform : (num_samples,) float32 array

    Raises
    ------
    MediaError
        When the file is missing or unreadable, or has no sound.
    """
    path = Path(path)
    with open_media(path) as container:
        stream = choose_stream(container, path, "audio")
        content = bytearray()  # grows in place: two hours are held once, not twice
        for samples in decode_sound(container, stream, read_clock(path), sample_rate):
            content += mix_channels(samples, channel, path).tobytes()
    if not content:
        raise MediaError(f"{path}: its sound stream holds no samples; expected some sound")
    return np.frombuffer(content, np.float32)


def mix_channels(
    waveforms: NDArray[np.float32], channel: int | None, name: object
) -> NDArray[np.float32]:
    """Average (num_channels, num_samples) waveforms, or take one of them; `name` says whose they are."""
    if channel is None:
        return waveforms[0] if len(waveforms) == 1 else waveforms.mean(axis=0)
    if not -len(waveforms) <= channel < len(waveforms):
        raise MediaError(f"{name}: holds {len(waveforms)} channels, asked for channel {channel}")
    return waveforms[channel]


def save_audio(
    path: str | Path, waveform: NDArray[np.float32], sample_rate: int = SAMPLE_RATE
) -> None:
    """Write a (num_samples,) waveform in [-1, 1] as 16-bit WAV or FLAC, by the name's ending, in one step.

    Raises
    ------
    MediaError
        When the name ends otherwise, or the waveform has another shape.
    """
    path, content = Path(path), BytesIO()  # a disk that is full is not always told by libsndfile
    kind = path.suffix.lstrip(".").lower()
    if kind not in ("wav", "flac") or np.ndim(waveform) != 1:
        raise MediaError(
            f"{path}: expected a name that ends in .wav or .flac and samples (num_samples,), got {np.shape(waveform)}"
        )
    soundfile.write(content, np.clip(waveform, -1, 1), sample_rate, "PCM_16", format=kind)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getbuffer())
