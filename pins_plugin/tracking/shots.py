"""Cut the stream of pictures into shots, in constant memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.video import VideoFrame

# Pixels; differences between pictures are taken of thumbnails; chosen, not measured
THUMBNAIL_HEIGHT = 72
# Frames on either side that a cut must stand out from; PySceneDetect's `window_width`
LOOK_AHEAD = 2
SHORTEST_SHOT = 6  # frames; PySceneDetect's default is 15; chosen, not measured
# Mean difference of hue, saturation and value (0..255) that a cut must make; PySceneDetect's default is 15; chosen, not measured
LEAST_DIFFERENCE = 7.0
# How many times larger than its neighbors a difference must be. PySceneDetect's default is 3; chosen low, not measured: a cut too
# many splits a track, which grouping mends; a cut missed puts two people into one, which nothing mends.
STANDS_OUT = 3.5
# Mean difference of colors, as a part of the picture's contrast; chosen, not measured
LEAST_CHANGE = 0.2


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some successive pictures of one shot."""

    shot: int  # its index
    times: NDArray[np.float64]  # (num_frames,) seconds
    images: NDArray[np.uint8]  # (num_frames, height, width, 3)
    continues: bool  # whether the first picture is the last one of the chunk before


def iter_chunks(frames: Iterable[VideoFrame], chunk_frames: int) -> Iterator[Chunk]:
    """Group pictures by shot, at most `chunk_frames` (2 or more) at a time, which bounds the memory.

    A long shot comes in several chunks; each begins with the picture that the one before ended with.
    """
    shot, pending, continues = 0, list[VideoFrame](), False
    for frame, cut in find_cuts(frames):
        if cut:
            if len(pending) > continues:
                yield _chunk(shot, pending, continues)
            shot, pending, continues = shot + 1, [], False
        pending.append(frame)
        if len(pending) == chunk_frames:
            yield _chunk(shot, pending, continues)
            pending, continues = [frame], True
    if len(pending) > continues:
        yield _chunk(shot, pending, continues)


class _Step(NamedTuple):
    """A picture, and how it differs from the one before."""

    frame: VideoFrame
    difference: float  # mean of hue, saturation and value
    change: float  # see `measure_change`


def find_cuts(frames: Iterable[VideoFrame]) -> Iterator[tuple[VideoFrame, bool]]:
    """Pair each picture with whether a new shot begins there; runs `LOOK_AHEAD` pictures behind the input.

    The rule of PySceneDetect's AdaptiveDetector: a cut differs from the picture before it, in hue, saturation and
    value, by at least `LEAST_DIFFERENCE`, and `STANDS_OUT` times as much as its `LOOK_AHEAD` neighbors on either side
    do. Beside it, what is seen must change (`LEAST_CHANGE`).
    """
    steps = deque[_Step](maxlen=2 * LOOK_AHEAD + 1)
    last_cut = 0
    for number, step in enumerate(_steps(frames), start=-LOOK_AHEAD):
        steps.append(step)
        if number < 0:
            continue
        judged, cut = steps[-1 - LOOK_AHEAD], False
        if len(steps) > 2 * LOOK_AHEAD and number >= last_cut + SHORTEST_SHOT:
            others = sum(each.difference for each in steps) - judged.difference
            if judged.difference >= max(LEAST_DIFFERENCE, STANDS_OUT * others / (2 * LOOK_AHEAD)):
                last_cut, cut = number, judged.change >= LEAST_CHANGE
        yield judged.frame, cut
    for step in list(steps)[-LOOK_AHEAD:]:
        yield step.frame, False


def _steps(frames: Iterable[VideoFrame]) -> Iterator[_Step]:
    before = None
    for frame in frames:
        small = _thumbnail(frame.image)
        colors = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2HSV), np.uint8)
        if before is None:
            yield _Step(frame, 0.0, 1.0)
        else:
            difference = float(cv2.absdiff(colors, before[1]).mean())
            yield _Step(frame, difference, measure_change(before[0], small))
        before = small, colors


def measure_change(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Mean difference of two pictures (height, width, 3), as a part of their contrast.

    About 1 for pictures of different things, however dark. In the dark the hue of a picture is mostly noise, and
    changes at every key frame of the encoding; this does not.
    """
    difference = cv2.absdiff(first, second).mean()
    return float(difference / (1.0 + (first.std() + second.std()) / 2))


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    size = (max(1, round(width * THUMBNAIL_HEIGHT / height)), THUMBNAIL_HEIGHT)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _chunk(shot: int, frames: list[VideoFrame], continues: bool) -> Chunk:
    times = np.array([frame.time for frame in frames])
    return Chunk(shot, times, np.stack([frame.image for frame in frames]), continues)
