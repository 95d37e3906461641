"""Sound in and out: mono float32 NumPy arrays in [-1, 1]."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from pins_plugin.data.media import clock_origin, decode_leniently, open_media
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import atomic_path

SAMPLE_RATE = 16000  # Hz, of everything inside this package


def load_audio(
    path: str | Path, sample_rate: int = SAMPLE_RATE, channel: int | None = None
) -> NDArray[np.float32]:
    """Read the sound of any media file, on the file's media clock.

    Channels are averaged, the rate is converted. Where sound starts later than the picture (common in
    real files) the waveform begins with that much silence, so that sample i always sounds at
    i / sample_rate seconds of the media clock; gaps in the time stamps become silence too.

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
        if not container.streams.audio:
            raise MediaError(f"{path}: has no sound; expected a file with an audio stream")
        stream = container.streams.audio[0]
        origin = clock_origin(container)
        resampler = av.AudioResampler(format="fltp", rate=sample_rate)
        sound = _GrowingSound(_expected_samples(container, sample_rate))
        for frame in decode_leniently(container, stream):
            gap = 0
            if frame.pts is not None and frame.time_base is not None:
                gap = round((frame.time - origin) * sample_rate) - sound.num_samples
                frame.pts = None  # the resampler is fed a gapless stream
            if gap > 0.05 * sample_rate or (sound.num_samples == 0 and gap > 0):
                sound.add(np.zeros(gap, np.float32))
            for resampled in resampler.resample(frame):
                sound.add(mix_channels(resampled.to_ndarray(), channel, path))
        for resampled in resampler.resample(None):
            sound.add(mix_channels(resampled.to_ndarray(), channel, path))
    if sound.num_samples == 0:
        raise MediaError(f"{path}: its sound stream holds no samples; expected some sound")
    return sound.samples


def mix_channels(
    waveforms: NDArray[np.float32], channel: int | None, name: object
) -> NDArray[np.float32]:
    """Average (num_channels, num_samples) waveforms, or take one of them; `name` says whose they are."""
    if channel is None:
        return waveforms[0] if len(waveforms) == 1 else waveforms.mean(axis=0)
    if not -len(waveforms) <= channel < len(waveforms):
        raise MediaError(f"{name}: holds {len(waveforms)} channels, asked for channel {channel}")
    return waveforms[channel]


class _GrowingSound:
    """Samples that are collected in one block of memory: two hours are held once, not twice."""

    def __init__(self, expected: int) -> None:
        self._block = np.empty(expected, np.float32)
        self.num_samples = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        """Append (num_samples,) samples."""
        end = self.num_samples + len(samples)
        if end > len(self._block):
            block = np.empty(end + end // 4, np.float32)
            block[: self.num_samples] = self.samples
            self._block = block
        self._block[self.num_samples : end] = samples
        self.num_samples = end

    @property
    def samples(self) -> NDArray[np.float32]:
        """What was collected, (num_samples,)."""
        return self._block[: self.num_samples]


def _expected_samples(container: Any, sample_rate: int) -> int:
    """As many as the file claims to hold, with some to spare (memory that is never written costs none), at most a day's."""
    seconds = min((container.duration or 0) / av.time_base, 86400.0)
    return round((1.05 * seconds + 1.0) * sample_rate)


def save_audio(
    path: str | Path, waveform: NDArray[np.float32], sample_rate: int = SAMPLE_RATE
) -> None:
    """Write a (num_samples,) waveform in [-1, 1] as 16-bit WAV or FLAC, by the name's ending, in one step."""
    with atomic_path(path) as temporary:
        soundfile.write(temporary, np.clip(waveform, -1, 1), sample_rate, subtype="PCM_16")
