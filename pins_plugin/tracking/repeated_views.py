"""One person twice in the picture: a self view, a speaker beside the thumbnail, a mirror.

Two faces in one picture are two people, unless they are as alike as one person's and move as one: the way of the
eyes, in units of the distance between them, is the same in both views, or mirrored.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from pins_plugin.types import FaceTrack
from pins_plugin.utils.vectors import unit

# Learnt on four composed videos of eight real people, each with two small copies of one of them, one mirrored: 12
# pairs of views of one person have similarities of 0.89 to 0.99 and move as one by 0.69 to 0.99; 12 pairs of two
# people 0.01 to 0.34 and -0.19 to 0.25.
VERY_ALIKE = 0.85  # least cosine similarity of the faces
AS_ONE = 0.6  # least correlation of their motion, across and along; learnt on the same
SHARED = 2.0  # seconds, least, that both are seen; chosen, not measured
MOTION_STEP = 0.2  # seconds, over which motion is taken; chosen, not measured
# Times, at most, that one moves farther than the other, in units of its own size; chosen, not measured
SAME_SCALE = 1.6


def find_repeated_views(
    tracks: Sequence[FaceTrack],
    embeddings: NDArray[np.floating],
    apart: NDArray[np.bool_],
    min_similarity: float,
) -> NDArray[np.bool_]:
    """Find the pairs of tracks in one picture that are one person, seen twice: (num_tracks, num_tracks), as `apart`.

    `apart` are the pairs to look at (see `tracked_people.find_different_people`), `embeddings` (num_tracks,
    embedding_dim), of any length. `min_similarity` of the faces (cosine) is never less than 0.85.
    """
    repeated = np.zeros_like(apart)
    directions = unit(embeddings)
    alike = (directions @ directions.T >= max(min_similarity, VERY_ALIKE)) & apart
    for first, second in np.argwhere(np.triu(alike, 1)):
        repeated[[first, second], [second, first]] = move_as_one(tracks[first], tracks[second])
    return repeated


def move_as_one(first: FaceTrack, second: FaceTrack) -> bool:
    """Whether two faces that are seen together follow one motion, or its mirror image."""
    times, rows, columns = np.intersect1d(first.times, second.times, return_indices=True)
    if len(times) < 3 or times[-1] - times[0] < SHARED:
        return False
    step = max(1, round(MOTION_STEP / float(np.median(np.diff(times)))))
    one, other = _motion(first.landmarks[rows], step), _motion(second.landmarks[columns], step)
    spread, spread_of_other = np.linalg.norm(one), np.linalg.norm(other)
    if not min(spread, spread_of_other) > 0:
        return False
    across, along = (one * other).sum(axis=0) / np.maximum(
        np.linalg.norm(one, axis=0) * np.linalg.norm(other, axis=0), 1e-12
    )
    scale = max(spread / spread_of_other, spread_of_other / spread)
    return bool(min(abs(across), along) >= AS_ONE and scale <= SAME_SCALE)


def _motion(landmarks: NDArray[np.floating], step: int) -> NDArray[np.float64]:
    """Way of the point between the eyes (num_frames - step, 2), in distances between the eyes."""
    eyes = np.asarray(landmarks[:, :2], np.float64)
    size = float(np.median(np.linalg.norm(eyes[:, 1] - eyes[:, 0], axis=1)))
    middle = uniform_filter1d(eyes.mean(axis=1) / max(size, 1e-6), step, axis=0)
    way = middle[step:] - middle[:-step]
    return np.asarray(way - way.mean(axis=0))
