"""Cut the stream of pictures into shots, in constant memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
    """Group pictures by shot, at most `chunk_frames` at a time.

    Parameters
    ----------
    chunk_frames : int
        Bounds the memory, at least 2. A long shot comes in several chunks; each begins with the picture
        that the one before ended with.
    """
    shot, pending, continues = 0, list[VideoFrame](), False
    for frame, cut in _with_cuts(frames):
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


def _with_cuts(frames: Iterable[VideoFrame]) -> Iterator[tuple[VideoFrame, bool]]:
    """Pair each picture with whether a new shot begins there; runs a few pictures behind the input."""
    detector = CutDetector()
    waiting: list[VideoFrame] = []
    changes: list[float] = []  # from the picture before each of `waiting`
    before = None
    for frame in frames:
        thumbnail = _thumbnail(frame.image)
        waiting.append(frame)
        changes.append(1.0 if before is None else measure_change(before, thumbnail))
        before = thumbnail
        cut = detector.add(thumbnail)
        if len(waiting) > LOOK_AHEAD:
            differs = changes.pop(0) >= LEAST_CHANGE
            yield waiting.pop(0), differs and cut
    for frame in waiting:
        yield frame, False


class CutDetector:
    """Finds the pictures before which the shot changes, a few pictures behind the input.

    The rule of PySceneDetect's AdaptiveDetector: a cut differs from the picture before it, in hue, saturation and
    value, by at least `LEAST_DIFFERENCE`, and `STANDS_OUT` times as much as its `LOOK_AHEAD` neighbors on either side do.
    """

    def __init__(self) -> None:
        self._before: NDArray[np.uint8] | None = None
        self._differences = deque[float](maxlen=2 * LOOK_AHEAD + 1)
        self._number = self._last_cut = 0

    def add(self, image: NDArray[np.uint8]) -> bool:
        """Take the next picture (height, width, 3); whether a shot begins `LOOK_AHEAD` pictures before it."""
        colors = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), np.uint8)
        difference = 0.0 if self._before is None else cv2.absdiff(colors, self._before).mean()
        self._before = colors
        self._differences.append(float(difference))
        self._number += 1
        place = self._number - 1 - LOOK_AHEAD  # of the picture that is judged
        if len(self._differences) <= 2 * LOOK_AHEAD or place < self._last_cut + SHORTEST_SHOT:
            return False
        middle = self._differences[LOOK_AHEAD]
        neighbors = (sum(self._differences) - middle) / (2 * LOOK_AHEAD)
        if middle < max(LEAST_DIFFERENCE, STANDS_OUT * neighbors):
            return False
        self._last_cut = place
        return True


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
