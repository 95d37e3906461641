"""Writing videos, through PyAV (its wheels carry FFmpeg)."""

from contextlib import ExitStack, nullcontext, suppress
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any, Self

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.sound_copy import SoundCopy
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import atomic_path

CLOCK = Fraction(1, 90000)  # seconds; the unit of the time stamps that are written
THREADS = 4  # of the encoder, on whatever machine: its output depends on how many there are; chosen, not measured
AVX_512F = 13  # OpenCV's number of these instructions (cv::CpuFeatures), which its Python module does not name


class VideoWriter:
    """Write an H.264/AAC mp4 file in one step; nothing is left behind on failure.

    The same pictures, times and sound give the same bytes, in whatever process.

    Parameters
    ----------
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

    Raises
    ------
    MediaError
        When the pictures are too small, or the rate is none.
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
        if min(width, height) < 2 or not 0 < frame_rate < inf:
            raise MediaError(
                f"{path}: expected pictures of at least 2 x 2 pixels and a frame rate above 0 Hz, "
                f"got {width} x {height} at {frame_rate} Hz"
            )
        self._rate = frame_rate
        self._num_frames = 0
        self._last_pts = -1
        self._sample_rate = sample_rate
        self._num_samples = 0
        self._audio: Any = None
        self._sound_copy: SoundCopy | None = None
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(path))
            self._container = av.open(
                f"file:{temporary.absolute()}",  # a name is never an address
                "w",
                format="mp4",
                options={"movflags": "+faststart"},
            )
            stack.push(self._close)
            self._video = _add_pictures(self._container, width, height, frame_rate, quality)
            if sample_rate is not None:
                self._audio = self._container.add_stream("aac", rate=sample_rate, layout="mono")
            if sound_of is not None:
                self._sound_copy = SoundCopy(sound_of, self._container)
                stack.callback(self._sound_copy.close)
            self._stack = stack.pop_all()

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

    def __exit__(self, kind: type[BaseException] | None, *error: Any) -> None:
        if kind is not None:
            self._stack.__exit__(kind, *error)
            return
        with ExitStack() as stack:
            stack.push(self._stack)
            self._container.mux(self._video.encode(None))
            if self._audio is not None:
                self._container.mux(self._audio.encode(None))
            if self._sound_copy is not None:
                self._sound_copy.copy_until(float("inf"))

    def _close(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write the end of the file; of one that is thrown away, whatever that says."""
        with nullcontext() if kind is None else suppress(av.error.FFmpegError):
            self._container.close()


def _add_pictures(container: Any, width: int, height: int, frame_rate: float, quality: int) -> Any:
    """Add the stream of pictures, H.264."""
    video = container.add_stream("libx264", rate=frame_rate_fraction(frame_rate))
    video.width, video.height = width // 2 * 2, height // 2 * 2
    video.pix_fmt = "yuv420p"
    video.codec_context.time_base = CLOCK
    video.codec_context.thread_type = "FRAME"
    video.codec_context.thread_count = THREADS
    video.options = encoder_options(quality)
    return video


def encoder_options(quality: int) -> dict[str, str]:
    """Options of x264 with which the same pictures give the same bytes.

    x264 weighs blocks by how much later pictures refer to them. Its AVX-512 code for that (`mbtree_propagate_list`, seen
    in core 165) takes eight blocks at a time, and reads memory that was never written behind the end of a row where the
    number of blocks of 16 pixels in a row is no multiple of eight. Its AVX2 code does not.
    """
    options = {"crf": str(quality), "preset": "veryfast"}
    return options | ({"x264-params": "asm=AVX2"} if cv2.checkHardwareSupport(AVX_512F) else {})


def frame_rate_fraction(frame_rate: float) -> Fraction:
    """Nearest usual fraction of a frame rate: 29.97 gives 30000/1001."""
    ntsc = Fraction(round(frame_rate * 1.001) * 1000, 1001)
    if abs(float(ntsc) - frame_rate) < 0.005:
        return ntsc
    return Fraction(frame_rate).limit_denominator(1000)
