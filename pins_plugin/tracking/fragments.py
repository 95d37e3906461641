"""Put together what is one face: fragments that meet, and tracks that ended up on one face."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pins_plugin.tracking.boxes import usual_overlap
from pins_plugin.tracking.detector import Detections
from pins_plugin.tracking.follow import RawTrack

LEAST_OVERLAP = 0.5  # of boxes in shared pictures (median) that are of one face


@dataclass(frozen=True, eq=False)  # compared by identity: arrays have no truth value
class Sighting:
    """Where one face was truly seen.

    Parameters
    ----------
    frames : (num_seen,) int array
        Numbers of the pictures, increasing.
    faces : Detections
        One row for each of `frames`.
    """

    shot: int
    frames: NDArray[np.intp]
    faces: Detections
    sharpness: float


def confirm(track: RawTrack, keep_probability: float) -> Sighting | None:
    """Keep the pictures of a raw track that show a face; None when there are none."""
    frames = np.concatenate(track.frames)
    faces = Detections(*(np.concatenate(part) for part in zip(*track.faces, strict=True)))
    seen = faces.probabilities > keep_probability
    if not seen.any():
        return None
    return Sighting(track.shot, frames[seen], faces.select(seen), float(np.mean(track.sharpness)))


def join_fragments(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Merge the sightings of one shot whose boxes coincide in the pictures that they share.

    A face that moves too fast for the assignment is found anew and followed back until both tracks show it;
    where two tracks have drifted onto one face, they coincide as well.
    """
    joined: list[Sighting] = []
    for sighting in sorted(sightings, key=lambda one: int(one.frames[0])):
        while True:
            twin = next((other for other in joined if _coincide(other, sighting)), None)
            if twin is None:
                break
            joined.remove(twin)
            sighting = _merge(twin, sighting)
        joined.append(sighting)
    return joined


def _coincide(first: Sighting, second: Sighting) -> bool:
    if first.shot != second.shot or first.frames[-1] < second.frames[0]:
        return False
    overlap = usual_overlap(first.frames, first.faces.boxes, second.frames, second.faces.boxes)
    return overlap is not None and overlap > LEAST_OVERLAP


def _merge(first: Sighting, second: Sighting) -> Sighting:
    """Join two sightings; in shared pictures the more probable one counts."""
    frames = np.concatenate([first.frames, second.frames])
    faces = Detections(
        *(np.concatenate(pair) for pair in zip(first.faces, second.faces, strict=True))
    )
    order = np.lexsort([-faces.probabilities, frames])
    _, kept = np.unique(frames[order], return_index=True)
    index = order[kept]
    share = len(first.frames) / len(frames)
    sharpness = share * first.sharpness + (1 - share) * second.sharpness
    return Sighting(first.shot, frames[index], faces.select(index), sharpness)
