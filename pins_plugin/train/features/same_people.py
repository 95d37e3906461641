"""Which videos show the same person, told without labels.

A recognition embedding already knows faces from faces and voices from voices. Two videos whose faces *and* voices are far
more alike than chance allows are of one person; such pairs must not be negatives of each other, and their average is a
better example of the person than one clip.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pins_plugin.utils.vectors import unit

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
FALSE_LINKS_PER_VIDEO = 0.02
# Of 0 ... 1: gender and origin, which many share, count less than what only one has.
WHITENING = 0.5
MOST_VIDEOS = 30_000


def group_means(values: NDArray, labels: Labels) -> NDArray:
    """Average the rows (num_rows, dim) of each group, whose labels are 0 ... num_groups - 1: (num_groups, dim)."""
    counts = np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], counts.cumsum()[:-1]])
    return np.add.reduceat(values[order], starts, axis=0) / counts[:, None].astype(values.dtype)


def group_people(face_embeddings: Floats, voice_embeddings: Floats, seed: int = 0) -> Labels:
    """Group videos that show the same person.

    The similarities of faces and of voices, each standardized by median and spread over random pairs, are added. Groups
    grow by average linkage (Sokal and Michener 1958) up to the height that random pairs would pass
    `FALSE_LINKS_PER_VIDEO` times per video; one pair that looks alike by chance does not join two groups.

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
    if not 10 <= num_videos <= MOST_VIDEOS:
        return np.arange(num_videos)
    joined = _standardized(face_embeddings, voice_embeddings, seed)
    center, spread = _center_and_spread(_random_pair_scores(joined, seed))
    height = float(norm.isf(2 * FALSE_LINKS_PER_VIDEO / num_videos))
    return _average_linkage(joined, center + height * spread)


def _average_linkage(values: Floats, height: float) -> Labels:
    """Merge groups that are each other's nearest while the mean dot product of their rows exceeds `height`.

    That mean is the dot product of the groups' means; pairs that are each other's nearest may merge in any order.
    """
    people = np.arange(len(values))
    while True:
        means = group_means(values, people)
        best, nearest = _nearest(means)
        numbers = np.arange(len(means))
        merged = (best > height) & (nearest[nearest] == numbers)
        if not merged.any():
            return people
        numbers[merged] = np.minimum(numbers, nearest)[merged]
        people = np.unique(numbers[people], return_inverse=True)[1].astype(np.int64)


def _nearest(values: Floats, block: int = 1024) -> tuple[Floats, NDArray[np.intp]]:
    """Largest dot product of each row with another row, and which it is: two (num_rows,) arrays."""
    best, nearest = [], []
    for start in range(0, len(values), block):
        similarities = values[start : start + block] @ values.T
        own = np.arange(len(similarities))
        similarities[own, own + start] = -np.inf
        nearest.append(similarities.argmax(axis=1))
        best.append(similarities[own, nearest[-1]])
    return np.concatenate(best), np.concatenate(nearest)


def _standardized(faces: Floats, voices: Floats, seed: int) -> Floats:
    """Rows whose dot product is the sum of both similarities in units of their spread over random pairs."""
    parts = []
    for values in (faces, voices):
        rows = _whitened(values)
        _, spread = _center_and_spread(_random_pair_scores(rows, seed))
        parts.append(rows / np.sqrt(max(spread, 1e-6)))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _whitened(values: Floats) -> Floats:
    """Directions from the mean, along principal axes whose variances are evened out in part."""
    centered = unit(values - values.mean(axis=0))
    centered = centered - centered.mean(axis=0)
    variances, axes = np.linalg.eigh(centered.T @ centered / len(centered))
    variances = variances.clip(min=0)
    scales = (variances + 0.01 * variances.mean() + 1e-12) ** (-WHITENING / 2)
    return np.asarray((centered @ axes) * scales)


def _random_pair_scores(values: Floats, seed: int, num_pairs: int = 20_000) -> Floats:
    generator = np.random.default_rng(seed)
    first = generator.integers(0, len(values), num_pairs)
    second = (first + generator.integers(1, len(values), num_pairs)) % len(values)
    return np.einsum("ij,ij->i", values[first], values[second])


def _center_and_spread(scores: Floats) -> tuple[float, float]:
    center = float(np.median(scores))
    return center, float(np.median(np.abs(scores - center)) * 1.4826)
