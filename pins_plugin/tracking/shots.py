"""Cut the stream of pictures into shots, in constant memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.video import VideoFrame

THUMBNAIL_HEIGHT = 72  # pixels; differences between pictures are measured on thumbnails
LOOK_AHEAD = 2  # frames on either side that a cut must stand out from
SHORTEST_SHOT = 6  # frames
LEAST_DIFFERENCE = 7.0  # mean difference of hue, saturation and value (0..255) that a cut must make
LEAST_CHANGE = 0.2  # and mean difference of colors, as a part of the picture's contrast


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some successive pictures of one shot.

    Parameters
    ----------
    shot : int
        Index of the shot.
    times : (num_frames,) float64 array
        In seconds.
    images : (num_frames, height, width, 3) uint8 array
    continues : bool
        Whether the first picture is the last one of the chunk before, of the same shot.
    """

    shot: int
    times: NDArray[np.float64]
    images: NDArray[np.uint8]
    continues: bool


def iter_chunks(
    frames: Iterable[VideoFrame], chunk_frames: int, threshold: float = 3.5
) -> Iterator[Chunk]:
    """Group pictures by shot, at most `chunk_frames` at a time.

    Parameters
    ----------
    frames : iterable of VideoFrame
    chunk_frames : int
        Bounds the memory, at least 2. A long shot comes in several chunks; each begins with the picture
        that the one before ended with.
    threshold : float
        How many times larger than its neighbors a difference between two pictures must be to count as a
        cut (PySceneDetect's AdaptiveDetector). Chosen low: a cut too many splits a track, which grouping
        mends; a cut missed puts two people into one track, which nothing mends.
    """
    shot, pending, continues = 0, list[VideoFrame](), False
    for frame, cut in _with_cuts(frames, threshold):
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


def _with_cuts(frames: Iterable[VideoFrame], threshold: float) -> Iterator[tuple[VideoFrame, bool]]:
    """Pair each picture with whether a new shot begins there; runs a few pictures behind the input."""
    from scenedetect.common import FrameTimecode
    from scenedetect.detectors import AdaptiveDetector

    detector = AdaptiveDetector(
        adaptive_threshold=threshold,
        min_scene_len=SHORTEST_SHOT,
        window_width=LOOK_AHEAD,
        min_content_val=LEAST_DIFFERENCE,
    )
    waiting: list[VideoFrame] = []
    changes: list[float] = []  # from the picture before each of `waiting`
    before = None
    cuts: set[int] = set()
    number = 0
    for number, frame in enumerate(frames):
        thumbnail = _thumbnail(frame.image)
        waiting.append(frame)
        changes.append(1.0 if before is None else measure_change(before, thumbnail))
        before = thumbnail
        # The rate is a placeholder: only the numbers of the frames are used.
        found = detector.process_frame(FrameTimecode(number, fps=25.0), thumbnail)
        cuts.update(timecode.frame_num for timecode in found)
        if len(waiting) > LOOK_AHEAD:
            differs = changes.pop(0) >= LEAST_CHANGE
            yield waiting.pop(0), differs and number - LOOK_AHEAD in cuts
    for frame in waiting:
        yield frame, False


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
    return np.ascontiguousarray(small[..., ::-1])  # BGR, as PySceneDetect wants it


def _chunk(shot: int, frames: list[VideoFrame], continues: bool) -> Chunk:
    times = np.array([frame.time for frame in frames])
    return Chunk(shot, times, np.stack([frame.image for frame in frames]), continues)
