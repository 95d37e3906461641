"""Put together what is one face: fragments that meet, and tracks that ended up on one face."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pins_plugin.tracking.boxes import usual_overlap
from pins_plugin.tracking.detector import Detections
from pins_plugin.tracking.follow import KEEP_PROBABILITY, RawTrack

# Of boxes in shared pictures (median) that are of one face; chosen, not measured
LEAST_OVERLAP = 0.5
# A face has become another where it changes by so much, and by so many times as much as in the pictures around. 58 cuts
# between two small faces: 0.39 and 11.8 at least; one face in 18,576 pairs of pictures, fast heads among them: the four with a
# change above 0.35 that stands out most have 3.0 to 4.8 times.
OTHER_FACE, STANDS_OUT = 0.35, 7.5
AROUND = 2  # pictures on either side; chosen, not measured


@dataclass(frozen=True, eq=False)  # compared by identity: arrays have no truth value
class Sighting:
    """Where one face was truly seen."""

    shot: int
    frames: NDArray[np.intp]  # (num_seen,) numbers of the pictures, increasing
    faces: Detections  # one row for each of `frames`
    sharpness: float
    # (num_breaks,) pictures in which the track that this is a part of came to show another face
    breaks: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))


def confirm(track: RawTrack) -> list[Sighting]:
    """Keep the pictures of a raw track that show a face; one sighting for each face that it came to follow."""
    frames = np.concatenate(track.frames)
    faces = Detections(*(np.concatenate(part) for part in zip(*track.faces, strict=True)))
    seen = faces.probabilities > KEEP_PROBABILITY
    breaks = np.array(
        [
            frames[row]
            for row in np.flatnonzero(find_breaks(np.concatenate(track.changes)))
            if seen[max(0, row - AROUND) : row].any() and seen[row : row + AROUND].any()
        ],
        np.intp,
    )
    number = np.searchsorted(breaks, frames, side="right")
    sharpness = float(np.mean(track.sharpness))
    return [
        Sighting(track.shot, frames[rows], faces.select(rows), sharpness, breaks=breaks)
        for rows in (seen & (number == each) for each in range(len(breaks) + 1))
        if rows.any()
    ]


def find_breaks(changes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Find where a face becomes another one, given how much it changes from picture to picture (`follow.RawTrack`).

    A cut that changes little but a face (small faces before one wall, calls that show who speaks) is no new shot.
    """
    padded = np.pad(changes, AROUND)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1)
    around = (windows.sum(axis=1) - changes) / (2 * AROUND)
    return np.asarray((changes >= OTHER_FACE) & (changes >= STANDS_OUT * around))


def number_shots(sightings: Sequence[Sighting]) -> list[int]:
    """Shot of each sighting, where a picture in which a face becomes another one begins a shot as well."""
    breaks = np.unique(np.concatenate([np.zeros(0, np.intp), *(one.breaks for one in sightings)]))
    starts = [one.frames[0] for one in sightings]
    passed = np.searchsorted(breaks, starts, side="right")
    return [one.shot + int(number) for one, number in zip(sightings, passed, strict=True)]


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
    breaks = np.union1d(first.breaks, second.breaks)
    return Sighting(first.shot, frames[index], faces.select(index), sharpness, breaks)
