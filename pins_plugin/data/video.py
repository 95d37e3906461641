"""Video in and out, through PyAV (its wheels carry FFmpeg).

All times are seconds on the *media clock*: zero is where the earliest stream of the file starts, as in a
player. A picture's time is its own time stamp, never index / frame rate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.deinterlace import deinterlace
from pins_plugin.data.media import (
    clock_origin,
    decode_leniently,
    moving_pictures,
    open_media,
    reason,
)
from pins_plugin.data.sound_copy import SoundCopy
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import atomic_path

CLOCK = Fraction(1, 90000)  # seconds; the unit of the time stamps that are written


class VideoFrame(NamedTuple):
    """One upright picture and its time."""

    time: float  # seconds on the media clock
    image: NDArray[np.uint8]  # (height, width, 3) RGB


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself.

    `width` and `height` are those of the upright picture (rotation flag applied), `frame_rate` is the
    average in Hz, `duration` in seconds, `rotation` in degrees counterclockwise.
    """

    path: Path
    width: int
    height: int
    frame_rate: float
    duration: float
    rotation: int
    has_audio: bool


def probe_video(path: str | Path) -> VideoInfo:
    """Read size, rate, duration and rotation; decodes one picture.

    Raises
    ------
    MediaError
        When the file is missing, unreadable, or holds no picture.
    """
    path = Path(path)
    with open_media(path) as container:
        stream = _video_stream(container, path)
        try:
            first = next(container.decode(stream), None)
        except av.error.FFmpegError as error:
            raise MediaError(f"{path}: no picture could be decoded ({reason(error)})") from error
        if first is None:
            raise MediaError(f"{path}: holds no picture; expected at least one video frame")
        rotation = round(first.rotation / 90) * 90 % 360
        width, height = first.width, first.height
        if rotation in (90, 270):
            width, height = height, width
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        if stream.duration is not None:
            duration = float(stream.duration * stream.time_base)
            duration += float((stream.start_time or 0) * stream.time_base) - clock_origin(container)
        elif container.duration is not None:
            duration = container.duration / av.time_base
        else:
            duration = 0.0
        return VideoInfo(
            path, width, height, rate, duration, rotation, bool(container.streams.audio)
        )


def iter_frames(
    path: str | Path,
    *,
    start: float = 0.0,
    end: float = float("inf"),
    max_side: int | None = None,
) -> Iterator[VideoFrame]:
    """Decode the pictures of a video one by one, upright and deinterlaced, in constant memory.

    Parameters
    ----------
    path : str or Path
    start, end : float
        Only pictures with start <= time < end, in seconds on the media clock.
    max_side : int, optional
        Shrink so that the longer side has at most this many pixels.

    Yields
    ------
    frame : VideoFrame
        Damaged pictures are left out.

    Raises
    ------
    MediaError
        When the file is missing or unreadable, or holds no video.
    """
    path = Path(path)
    with open_media(path) as container:
        stream = _video_stream(container, path)
        stream.thread_type = "AUTO"
        origin = clock_origin(container)
        if start > 1.0:  # to the key frame before
            container.seek(int((start + origin) / stream.time_base), stream=stream)
        for frame in deinterlace(decode_leniently(container, stream)):
            if frame.time is None:
                continue
            time = frame.time - origin
            if time >= end:
                return
            if time >= start:
                yield VideoFrame(time, _upright_image(frame, max_side))


class VideoWriter:
    """Write an H.264/AAC mp4 file in one step; nothing is left behind on failure.

    Parameters
    ----------
    path : str or Path
    width, height : int
        Size of the pictures in pixels; an odd size loses its last column or row (H.264 wants even).
    frame_rate : float
        In Hz; used for pictures that are added without a time.
    sample_rate : int, optional
        Of the sound, in Hz. None for a silent file.
    quality : int
        x264's constant rate factor, 18 (large) to 32 (small).
    sound_of : Path, optional
        Carry the original sound of this file along, in place of `sample_rate` and `add_sound`.
    """

    def __init__(
        self,
        path: str | Path,
        width: int,
        height: int,
        frame_rate: float,
        sample_rate: int | None = None,
        quality: int = 23,
        sound_of: Path | None = None,
    ) -> None:
        self._context = atomic_path(path)
        self._container = av.open(
            str(self._context.__enter__()), "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._video = self._container.add_stream("libx264", rate=frame_rate_fraction(frame_rate))
        self._video.width, self._video.height = width // 2 * 2, height // 2 * 2
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = CLOCK
        self._video.options = {"crf": str(quality), "preset": "veryfast"}
        self._rate = frame_rate
        self._num_frames = 0
        self._last_pts = -1
        self._sample_rate = sample_rate
        self._num_samples = 0
        self._audio = None
        if sample_rate is not None:
            self._audio = self._container.add_stream("aac", rate=sample_rate, layout="mono")
        self._sound_copy = SoundCopy(sound_of, self._container) if sound_of is not None else None

    def add_image(self, image: NDArray[np.uint8], time: float | None = None) -> None:
        """Append a picture (height, width, 3) RGB, at `time` in seconds (default: the next at the frame rate)."""
        height, width = self._video.height, self._video.width
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), "rgb24")
        seconds = self._num_frames / self._rate if time is None else time
        frame.pts = max(round(seconds / CLOCK), self._last_pts + 1)
        frame.time_base = CLOCK
        self._last_pts = frame.pts
        self._num_frames += 1
        self._container.mux(self._video.encode(frame))
        if self._sound_copy is not None:
            self._sound_copy.copy_until(seconds)

    def add_sound(self, waveform: NDArray[np.float32]) -> None:
        """Append samples (num_samples,) in [-1, 1]; sound starts at time zero."""
        if self._audio is None:
            raise MediaError("this VideoWriter was opened without a sample_rate; give one")
        for begin in range(0, len(waveform), 16384):
            chunk = np.clip(waveform[begin : begin + 16384], -1, 1).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(chunk[None], format="fltp", layout="mono")
            frame.sample_rate = self._sample_rate
            frame.time_base = Fraction(1, int(self._sample_rate or 1))
            frame.pts = self._num_samples
            self._num_samples += len(chunk)
            self._container.mux(self._audio.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._video.encode(None))
                if self._audio is not None:
                    self._container.mux(self._audio.encode(None))
                if self._sound_copy is not None:
                    self._sound_copy.copy_until(float("inf"))
        finally:
            if self._sound_copy is not None:
                self._sound_copy.close()
            self._container.close()
            self._context.__exit__(kind, error, trace)


def frame_rate_fraction(frame_rate: float) -> Fraction:
    """Nearest usual fraction of a frame rate: 29.97 gives 30000/1001."""
    ntsc = Fraction(round(frame_rate * 1.001) * 1000, 1001)
    if abs(float(ntsc) - frame_rate) < 0.005:
        return ntsc
    return Fraction(frame_rate).limit_denominator(1000)


def _video_stream(container: Any, path: Path) -> Any:
    videos = moving_pictures(container)
    if not videos:
        raise MediaError(f"{path}: holds no video stream; expected a video file")
    return videos[0]


def _upright_image(frame: Any, max_side: int | None) -> NDArray[np.uint8]:
    width, height = frame.width, frame.height
    if max_side is not None and max(width, height) > max_side:
        scale = max_side / max(width, height)
        width, height = max(2, round(width * scale)), max(2, round(height * scale))
    turns = round(frame.rotation / 90) % 4
    if (width, height) != (frame.width, frame.height):  # before colors: less than half the time
        frame = frame.reformat(width=width, height=height, interpolation="AREA")
    image: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image
