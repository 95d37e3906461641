"""The sound of a file on its media clock: each sample in its place."""

from collections.abc import Iterator
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.clock import MediaClock
from pins_plugin.data.media.container import decode_packet, demux_leniently

# Seconds that samples may be away from their time stamps; the stamps of many containers tremble; chosen, not measured
STAMP_TOLERANCE = 0.05
# Seconds; a longer one is a fault of the clock, and closed; chosen, not measured
LONGEST_PAUSE = 3600.0
# Seconds of all pauses; memory for more is not spent; chosen, not measured
MOST_SILENCE = 6 * 3600.0
PIECE = 160_000  # samples of silence at a time; chosen, not measured


def decode_sound(
    container: Any, stream: Any, clock: MediaClock, sample_rate: int, layout: str | None = None
) -> Iterator[NDArray[np.float32]]:
    """Decode sound of a file, opened and not read yet: sample i is heard at i / sample_rate seconds of the media clock.

    Gaps in the time stamps become silence; samples that outrun their time stamps are dropped, as players do. The
    sound may change its rate and its channels on the way. What is no number in the file is silence.

    Parameters
    ----------
    layout : str, optional
        Channels of what comes, such as "mono", "stereo"; as they are by default.

    Yields
    ------
    samples : (channels, num_samples) float32 array
    """
    resampler: Any = None
    kind: tuple[Any, ...] = ()
    given = 0  # samples
    surplus = 0  # samples still to be dropped
    filled = 0.0  # seconds of pauses
    closed = 0.0  # seconds of pauses that were left out
    channels = 1 if layout is None else av.AudioLayout(layout).nb_channels

    def kept(frame: Any) -> Iterator[NDArray[np.float32]]:
        nonlocal surplus, given, channels
        for samples in _resampled(resampler, frame):
            part = samples[:, surplus:]
            surplus -= samples.shape[1] - part.shape[1]
            given += part.shape[1]
            channels = len(samples)
            yield part

    for frame in _frames(container, stream, clock):
        ahead = 0
        if frame.pts is not None and frame.time_base is not None:
            pause = frame.time - closed - (given - surplus) / sample_rate
            if pause > LONGEST_PAUSE or filled + pause > MOST_SILENCE:
                closed, pause = closed + pause, 0.0
            ahead = round(pause * sample_rate)
            frame.pts = None  # the resampler is fed a gapless stream
        if given and abs(ahead) <= STAMP_TOLERANCE * sample_rate:
            ahead = 0
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if now != kind or ahead > 0:
            yield from kept(None)
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=sample_rate)
            kind = now
        surplus -= ahead
        filled += max(-surplus, 0) / sample_rate
        while surplus < 0:
            silence = np.zeros((channels, min(-surplus, PIECE)), np.float32)
            surplus += silence.shape[1]
            given += silence.shape[1]
            yield silence
        yield from kept(frame)
    yield from kept(None)


def _frames(container: Any, stream: Any, clock: MediaClock) -> Iterator[Any]:
    for packet in clock.corrected(demux_leniently(container, stream)):
        if packet.size:
            yield from decode_packet(stream, packet)
    yield from decode_packet(stream, None)


def _resampled(resampler: Any, frame: Any) -> Iterator[NDArray[np.float32]]:
    """Convert one frame, or let out what the resampler still holds (None)."""
    if resampler is None:
        return
    for resampled in resampler.resample(frame):
        samples = resampled.to_ndarray()
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        yield samples
