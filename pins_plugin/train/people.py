"""Which videos show the same person, told without labels.

A recognition embedding already knows faces from faces and voices from voices. Two videos whose faces *and* voices are far
more alike than chance allows are of one person; such pairs must not be negatives of each other, and their average is a
better example of the person than one clip.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
FALSE_LINKS_PER_VIDEO = 0.02
MARGIN = 0.5  # real scores have heavier tails than the normal distribution
LARGEST_SHARE = 0.2  # of all videos in one group; more means that links ran away
MOST_VIDEOS = 30_000


def group_means(values: NDArray, labels: Labels) -> NDArray:
    """Average the rows of each group.

    Parameters
    ----------
    values : (num_rows, dim) array
    labels : (num_rows,) int64 array
        0 ... num_groups - 1, each present.

    Returns
    -------
    means : (num_groups, dim) array
    """
    counts = np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], counts.cumsum()[:-1]])
    return np.add.reduceat(values[order], starts, axis=0) / counts[:, None].astype(values.dtype)


def group_people(face_embeddings: Floats, voice_embeddings: Floats, seed: int = 0) -> Labels:
    """Group videos that show the same person.

    The cosines of faces and of voices, each standardized by median and spread over random pairs, are added. Pairs
    above the height that random pairs would pass `FALSE_LINKS_PER_VIDEO` times per video are linked;
    groups are the connected parts.

    Parameters
    ----------
    face_embeddings, voice_embeddings : (num_videos, dim) float32 array
        Averages over the clips of each video.
    seed : int
        Of the random pairs.

    Returns
    -------
    people : (num_videos,) int64 array
        0 ... num_people - 1. Every video on its own where there are fewer than 10 or more than `MOST_VIDEOS`.
    """
    num_videos = len(face_embeddings)
    alone = np.arange(num_videos)
    if not 10 <= num_videos <= MOST_VIDEOS:
        return alone
    joined = _standardized(face_embeddings, voice_embeddings, seed)
    center, spread = _center_and_spread(_random_pair_scores(joined, seed))
    height = float(norm.isf(2 * FALSE_LINKS_PER_VIDEO / num_videos)) + MARGIN
    scores, rows, columns = _pairs_above(joined, center + height * spread)
    while True:
        keep = scores > center + height * spread
        links = coo_matrix(
            (np.ones(keep.sum()), (rows[keep], columns[keep])), shape=(num_videos, num_videos)
        )
        people = connected_components(links, directed=False)[1].astype(np.int64)
        if np.bincount(people).max() <= max(LARGEST_SHARE * num_videos, 2):
            return people
        height += 0.5


def _standardized(faces: Floats, voices: Floats, seed: int) -> Floats:
    """Rows whose dot product is the sum of both cosines in units of their spread over random pairs."""
    parts = []
    for values in (faces, voices):
        centered = values - values.mean(axis=0)
        unit = centered / np.linalg.norm(centered, axis=1, keepdims=True).clip(1e-9)
        _, spread = _center_and_spread(_random_pair_scores(unit, seed))
        parts.append(unit / np.sqrt(max(spread, 1e-6)))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _random_pair_scores(values: Floats, seed: int, num_pairs: int = 20_000) -> Floats:
    generator = np.random.default_rng(seed)
    first = generator.integers(0, len(values), num_pairs)
    second = (first + generator.integers(1, len(values), num_pairs)) % len(values)
    return np.einsum("ij,ij->i", values[first], values[second])


def _center_and_spread(scores: Floats) -> tuple[float, float]:
    center = float(np.median(scores))
    return center, float(np.median(np.abs(scores - center)) * 1.4826)


def _pairs_above(
    values: Floats, height: float, block: int = 1024
) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    scores, rows, columns = [], [], []
    for start in range(0, len(values), block):
        similarities = values[start : start + block] @ values[start:].T
        row, column = np.nonzero(similarities > height)
        upper = column > row
        row, column = row[upper], column[upper]
        scores.append(similarities[row, column])
        rows.append(row + start)
        columns.append(column + start)
    return np.concatenate(scores), np.concatenate(rows), np.concatenate(columns)
