"""Video in, through PyAV (its wheels carry FFmpeg); `data.media.video_writer` writes.

All times are seconds on the *media clock*: zero is where the earlier of pictures and sound starts, as in a player.
A picture's time is its own time stamp, never index / frame rate. All pictures are as they are shown: upright, with
square pixels, of one size.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.clock import read_clock
from pins_plugin.data.media.container import (
    choose_stream,
    decode_packet,
    default_stream,
    demux_leniently,
    file_state,
    open_media,
)
from pins_plugin.data.media.picture_stream import open_pictures
from pins_plugin.data.media.screen import Screen, first_screen, show
from pins_plugin.errors import MediaError


class VideoFrame(NamedTuple):
    """One picture as it is shown, and its time."""

    time: float  # seconds on the media clock
    image: NDArray[np.uint8]  # (height, width, 3) RGB


@dataclass(frozen=True)
class VideoInfo:
    """What a video file holds.

    `width` and `height` are those of the first picture as it is shown (upright, square pixels), `frame_rate` is the
    average in Hz, `duration` in seconds from the clock's zero to the end of the pictures, `rotation` in degrees
    counterclockwise.
    """

    path: Path
    width: int
    height: int
    frame_rate: float
    duration: float
    rotation: int
    has_audio: bool


def probe_video(path: str | Path) -> VideoInfo:
    """Find size, rate, duration and rotation; decodes one picture, and remembers until the file changes.

    Raises
    ------
    MediaError
        When the file is missing, unreadable, or holds no picture.
    """
    return replace(_probe(*file_state(path), str(path)), path=Path(path))


@lru_cache(maxsize=256)
def _probe(absolute: str, changed: int, size: int, path: str) -> VideoInfo:
    with open_media(path) as container:
        stream = choose_stream(container, path, "video")
        packets = demux_leniently(container, stream)
        first = next((frame for packet in packets for frame in decode_packet(stream, packet)), None)
        if first is None:
            raise MediaError(f"{path}: holds no picture; expected at least one video frame")
        screen = first_screen(first, stream)
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        duration = read_clock(path).ends.get(stream.index, 0.0)
        has_audio = default_stream(container, "audio") is not None
    return VideoInfo(
        Path(path), screen.width, screen.height, rate, duration, screen.rotation, has_audio
    )


def iter_frames(
    path: str | Path,
    *,
    start: float = 0.0,
    end: float = float("inf"),
    max_side: int | None = None,
) -> Iterator[VideoFrame]:
    """Decode the pictures of a video one by one, as they are shown and deinterlaced, in constant memory.

    Parameters
    ----------
    start, end : float
        Only pictures with start <= time < end, in seconds on the media clock.
    max_side : int, optional
        Shrink so that the longer side has at most this many pixels.

    Yields
    ------
    frame : VideoFrame
        In order of time, which always increases; all of one size. Damaged pictures are left out.

    Raises
    ------
    MediaError
        When the file is missing or unreadable, or holds no video.
    """
    path = Path(path)
    screen = None
    if start > 0:  # pictures may have changed their size before
        info = probe_video(path)
        screen = Screen(info.width, info.height, info.rotation)
    with open_pictures(path, start) as (stream, pictures):
        for time, frame in pictures:
            if time >= end:
                return
            screen = screen or first_screen(frame, stream)
            if time >= start:
                yield VideoFrame(time, show(frame, screen, stream, max_side))
