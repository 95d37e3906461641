"""Pictures of a stretch of a clip, one for each picture of a scene."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.video import VideoFrame, iter_frames
from pins_plugin.errors import MediaError
from pins_plugin.simulation.composed.script import FRAME_RATE, Stretch


def play(
    stretch: Stretch,
    num_frames: int,
    width: int,
    height: int,
    frame_rate: float = FRAME_RATE,
    blur: float = 0.0,
) -> Iterator[NDArray[np.uint8]]:
    """Yield `num_frames` pictures (height, width, 3) of a stretch, letterboxed; the clip's last one is held."""
    first = stretch.start - 0.1  # so that the picture that stands at the start is among them
    last = float("inf") if stretch.end is None else stretch.end
    frames = iter_frames(stretch.path, start=max(0.0, first), end=last)
    times = [stretch.time_at((index + 0.5) / frame_rate) for index in range(num_frames)]
    seen, picture = None, np.empty(0, np.uint8)
    for number, frame in enumerate(_frames_at(frames, times, stretch)):
        if frame is not seen:
            seen, picture = frame, letterbox(frame.image, width, height, stretch.scale)
            if blur:
                picture = cv2.GaussianBlur(picture, (0, 0), blur).astype(np.uint8)
        yield _zoom(picture, 1 + stretch.zoom * number / frame_rate)


def _frames_at(
    frames: Iterator[VideoFrame], times: Sequence[float], stretch: Stretch
) -> Iterator[VideoFrame]:
    """The picture that stands at each time."""
    current = next(frames, None)
    if current is None:
        raise MediaError(
            f"{stretch.path}: shows no picture after {stretch.start:.2f} s; expected a longer clip"
        )
    if stretch.end is not None:  # times go back and forth
        kept = [current, *frames]
        starts = [frame.time for frame in kept]
        for index in np.searchsorted(starts, times, side="right"):
            yield kept[max(0, int(index) - 1)]
        return
    following = next(frames, None)
    for time in times:
        while following is not None and following.time <= time:
            current, following = following, next(frames, None)
        yield current


def letterbox(
    image: NDArray[np.uint8], width: int, height: int, scale: float | None = None
) -> NDArray[np.uint8]:
    """Scale a picture (rows, columns, 3) into (height, width, 3), centered, with black bars.

    `scale` is as large as fits, or the one given where that is smaller.
    """
    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows, *([] if scale is None else [scale]))
    size = (min(width, round(columns * scale)), min(height, round(rows * scale)))
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    canvas[top : top + size[1], left : left + size[0]] = scaled
    return canvas


def _zoom(image: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Show the middle of a picture (height, width, 3) larger, or all of it smaller."""
    if factor == 1:
        return image
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0.0, factor)
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_AREA).astype(np.uint8)
