"""Sound in and out: mono float32 NumPy arrays in [-1, 1]."""

from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from pins_plugin.data.media import clock_origin, decode_leniently, open_media
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import atomic_path

SAMPLE_RATE = 16000  # Hz, of everything inside this package


def load_audio(path: str | Path, sample_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
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
        pieces: list[NDArray[np.float32]] = []
        position = 0
        for frame in decode_leniently(container, stream):
            gap = 0
            if frame.pts is not None and frame.time_base is not None:
                gap = round((frame.time - origin) * sample_rate) - position
                frame.pts = None  # the resampler is fed a gapless stream
            if gap > 0.05 * sample_rate or (position == 0 and gap > 0):
                pieces.append(np.zeros(gap, np.float32))
                position += gap
            for resampled in resampler.resample(frame):
                pieces.append(resampled.to_ndarray().mean(axis=0))
                position += len(pieces[-1])
        for resampled in resampler.resample(None):
            pieces.append(resampled.to_ndarray().mean(axis=0))
    waveform = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    if len(waveform) == 0:
        raise MediaError(f"{path}: its sound stream holds no samples; expected some sound")
    return waveform


def save_audio(
    path: str | Path, waveform: NDArray[np.float32], sample_rate: int = SAMPLE_RATE
) -> None:
    """Write a (num_samples,) waveform in [-1, 1] as 16-bit WAV or FLAC, by the name's ending, in one step."""
    with atomic_path(path) as temporary:
        soundfile.write(temporary, np.clip(waveform, -1, 1), sample_rate, subtype="PCM_16")
