"""Tracks that begin as one person and end as another: two faces that cross are followed by place alone.

Faces along a track are compared. Where those before a moment are one person's, those after it another's, the track is
two: cut half-way between the pictures that were looked at.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.active_speaker.synchrony import TrackCurves
from pins_plugin.pipelines.linking.networks import TrackEmbeddings
from pins_plugin.types import FaceTrack
from pins_plugin.utils.vectors import unit

# On either side: one picture alone may be turned away or blurred; chosen, not measured
MIN_FACES = 2


def part_tracks(
    tracks: Sequence[FaceTrack], embeddings: TrackEmbeddings, same_person: float
) -> tuple[list[FaceTrack], TrackEmbeddings]:
    """Cut tracks whose faces change from one person to another: a track `T2` becomes `T2` and `T2b`.

    Faces are taken to be spread evenly over each track; `same_person` is the cosine similarity of faces from which on
    two may be one person's.
    """
    parted: list[FaceTrack] = []
    found = TrackEmbeddings(*(dict(each) for each in embeddings))
    for track in tracks:
        faces = embeddings.faces.get(track.track)
        place = None if faces is None else find_change(faces, same_person)
        if faces is None or place is None:
            parted.append(track)
            continue
        seen = np.linspace(track.start, track.end, len(faces))
        time = float((seen[place - 1] + seen[place]) / 2)
        first = track.times < time
        names = (track.track, f"{track.track}b")
        for name, rows, part in zip(
            names, (first, ~first), (faces[:place], faces[place:]), strict=True
        ):
            parted.append(track.cut(rows, name))
            found.faces[name] = part
        _cut_series(found, track.track, names[1], time)
    return parted, found


def find_change(faces: NDArray[np.floating], same_person: float) -> int | None:
    """Find the first of `faces`, (num_faces, embedding_dim) in order of time, that is another person's.

    There must be one change, and both sides alike in themselves (`same_person`).

    Examples
    --------
    >>> find_change(np.eye(2)[[0, 0, 0, 1, 1]], 0.6)
    3
    """
    vectors = unit(np.asarray(faces, np.float64))
    alike = vectors @ vectors.T
    best, change = same_person, None
    for place in range(MIN_FACES, len(vectors) - MIN_FACES + 1):
        between = float(alike[:place, place:].max())
        within = min(float(alike[:place, :place].min()), float(alike[place:, place:].min()))
        if between < best and within >= same_person:
            best, change = between, place
    return change


def _cut_series(embeddings: TrackEmbeddings, name: str, other: str, time: float) -> None:
    """Part what was measured over time; a likeness of two people is nobody's."""
    embeddings.joint_faces.pop(name, None)
    curves, talking = embeddings.curves.get(name), embeddings.talking.get(name)
    for part, later in ((name, False), (other, True)):
        if curves is not None:
            rows = (curves.times >= time) == later
            embeddings.curves[part] = TrackCurves(*(each[rows] for each in curves))
        if talking is not None:
            rows = (talking[0] >= time) == later
            embeddings.talking[part] = (talking[0][rows], talking[1][rows])
    if name in embeddings.crops:
        embeddings.crops[other] = embeddings.crops[name]
