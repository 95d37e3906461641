"""The truth of a scene on a grid of steps: who speaks, who is shown, whose each found face is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.evaluation.scene_truth import faces_at, owner_of, true_faces
from pins_plugin.types import FaceTrack

EDGE = 0.16  # seconds around the borders of true turns within which silence is not judged


@dataclass(frozen=True, eq=False)
class SceneSteps:
    """What is true at each step.

    Parameters
    ----------
    people : list of str
        Everybody who speaks or is shown.
    speaking, shown : (num_steps, num_people) bool array
    owners : (num_steps, num_faces) int64 array
        Whose each found face is, -1 for nobody's.
    edges : (num_steps,) bool array
        Near a border of a turn.
    """

    people: list[str]
    speaking: NDArray[np.bool_]
    shown: NDArray[np.bool_]
    owners: NDArray[np.int64]
    edges: NDArray[np.bool_]


def lay_out(
    truth: Mapping[str, Any],
    tracks: Sequence[FaceTrack],
    faces: Sequence[str],
    num_steps: int,
    step: float,
) -> SceneSteps:
    """Lay the truth of a scene out on steps.

    Parameters
    ----------
    truth : dict
        See `evaluation.linking`.
    tracks : sequence of FaceTrack
        That were found, with `person` set.
    faces : sequence of str
        Labels of their people, in the order of the columns of `owners`.
    step : float
        In seconds.
    """
    clock = (np.arange(num_steps) + 0.5) * step
    true = true_faces(truth)
    people = sorted({turn["speaker"] for turn in truth["turns"]} | {person for person, _ in true})
    number_of = {person: number for number, person in enumerate(people)}
    speaking, shown = np.zeros((2, num_steps, len(people)), bool)
    edges = np.zeros(num_steps, bool)
    for turn in truth["turns"]:
        inside = (clock >= turn["start"]) & (clock < turn["end"])
        speaking[inside, number_of[turn["speaker"]]] = True
        for border in (turn["start"], turn["end"]):
            edges |= np.abs(clock - border) < EDGE
    owners = np.full((num_steps, len(faces)), -1)
    spans = [(track, *track.span, faces.index(str(track.person))) for track in tracks]
    for row, time in enumerate(clock):
        seen = dict(faces_at(true, time))
        shown[row, [number_of[person] for person in seen]] = True
        for track, start, end, column in spans:
            if start - 1e-6 <= time < end + 1e-6:
                place = min(int(np.searchsorted(track.times, time)), len(track.times) - 1)
                owner = owner_of(track.boxes[place].astype(np.float64), seen)
                if owner is not None:
                    owners[row, column] = number_of[owner]
    return SceneSteps(people, speaking, shown, owners, edges)
