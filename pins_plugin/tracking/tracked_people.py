"""Which tracks show the same person: constrained clustering of track embeddings.

Two faces in one picture are two people, however alike they look, unless they also move as one (`repeated_views`);
everything else is decided by similarity.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ShapeError
from pins_plugin.tracking.boxes import usual_overlap
from pins_plugin.tracking.crops import extract_crops
from pins_plugin.tracking.repeated_views import find_repeated_views
from pins_plugin.types import FaceTrack
from pins_plugin.utils.vectors import unit

SAME_PERSON_SIMILARITY = 0.70  # of the shipped face recognition model, see its card
# Boxes that overlap by more are one face that was tracked twice; chosen, not measured
SAME_FACE_OVERLAP = 0.3

Encode = Callable[[NDArray[np.uint8]], NDArray[np.floating]]


def embed_tracks(
    video: str | Path,
    tracks: Sequence[FaceTrack],
    encode: Encode,
    *,
    num_faces: int = 6,
    quiet: bool = True,
) -> dict[str, NDArray[np.floating]]:
    """Embed some faces of each track.

    `encode` takes aligned faces (num_faces, size, size, 3) uint8 to embeddings (num_faces, embedding_dim), of at most
    `num_faces` pictures a track, evenly spread. By the name of the track; those without a usable picture are left out.
    """
    crops = extract_crops(video, tracks, ("face",), max_frames=num_faces, quiet=quiet)
    return {name: encode(crop.faces) for name, crop in crops.items() if len(crop.faces)}


def group_people(
    tracks: Sequence[FaceTrack],
    embeddings: Mapping[str, NDArray[np.floating]],
    threshold: float = SAME_PERSON_SIMILARITY,
) -> list[FaceTrack]:
    """Name the person of each track: PERSON_01, PERSON_02, ... in order of first appearance.

    Clusters of tracks are merged, the most similar two first, until no two that may be merged have a
    similarity of `threshold` (agglomerative clustering; the similarity of two clusters is the cosine between the
    sums of their face embeddings).

    Parameters
    ----------
    embeddings : mapping of str to (num_faces, embedding_dim) array
        By the name of the track. A track that is missing stays a person of its own.
    threshold : float
        Cosine similarity above which two clusters are one person; belongs to the encoder.

    Returns
    -------
    tracks : list of FaceTrack
        In the same order, with `person` set.
    """
    known = [number for number, track in enumerate(tracks) if track.track in embeddings]
    those = [tracks[number] for number in known]
    directions = [_direction(embeddings[track.track]) for track in those]
    if len({len(direction) for direction in directions}) > 1:
        raise ShapeError("embeddings: expected (num_faces, embedding_dim) arrays of one dimension")
    sums, apart = np.array(directions), find_different_people(those)
    apart &= ~find_repeated_views(those, sums, apart, threshold)
    clusters = np.arange(len(tracks))
    clusters[known] = np.array(known, int)[cluster_directions(sums, apart, threshold)]
    order = sorted(range(len(tracks)), key=lambda number: tracks[number].start)
    labels: dict[int, str] = {}
    for number in order:
        labels.setdefault(int(clusters[number]), f"PERSON_{len(labels) + 1:02d}")
    return [
        replace(track, person=labels[int(cluster)])
        for track, cluster in zip(tracks, clusters, strict=True)
    ]


def find_different_people(tracks: Sequence[FaceTrack]) -> NDArray[np.bool_]:
    """Find the pairs of tracks that cannot be one person: both visible at one time, in different places.

    Returns
    -------
    apart : (num_tracks, num_tracks) bool array
    """
    apart = np.zeros((len(tracks), len(tracks)), bool)
    order = np.argsort([track.start for track in tracks])
    for position, first in enumerate(order):
        for second in order[position + 1 :]:
            if tracks[second].start > tracks[first].end:
                break
            apart[first, second] = apart[second, first] = _differ(tracks[first], tracks[second])
    return apart


def cluster_directions(
    sums: NDArray[np.floating], apart: NDArray[np.bool_], threshold: float
) -> NDArray[np.intp]:
    """Agglomerative clustering by cosine under constraints: the lowest item of each one's cluster, (num_items,).

    Parameters
    ----------
    sums : (num_items, embedding_dim) float array
        The length of each row is its weight.
    apart : (num_items, num_items) bool array
        Symmetric; pairs that must not meet in one cluster.
    threshold : float
        Least cosine similarity of a merge.
    """
    sums = np.array(sums, np.float64)
    clusters = np.arange(len(sums))
    if len(sums) < 2:
        return clusters
    units = unit(sums)
    similarities = np.where(apart, -np.inf, units @ units.T)
    np.fill_diagonal(similarities, -np.inf)
    best = similarities.max(axis=1)
    while best.max() >= threshold:
        first = int(best.argmax())
        second = int(similarities[first].argmax())
        first, second = min(first, second), max(first, second)
        clusters[clusters == second] = first
        blocked = np.isneginf(similarities[first]) | np.isneginf(similarities[second])
        sums[first] += sums[second]
        units[first] = unit(sums[first])
        row = np.where(blocked, -np.inf, units @ units[first])
        similarities[first] = similarities[:, first] = row
        similarities[second] = similarities[:, second] = -np.inf
        best = similarities.max(axis=1)
    return clusters


def _direction(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """Sum of the unit vectors of a track's faces."""
    values = np.asarray(embeddings, np.float64)
    if values.ndim != 2 or not len(values):
        raise ShapeError(
            f"embeddings: expected (num_faces, embedding_dim) with a face, got {values.shape}"
        )
    return np.asarray(unit(values).sum(axis=0))


def _differ(first: FaceTrack, second: FaceTrack) -> bool:
    """Whether two tracks share a picture in which their boxes are apart."""
    overlap = usual_overlap(first.times, first.boxes, second.times, second.boxes)
    return overlap is not None and overlap < SAME_FACE_OVERLAP
