"""Who truly speaks and who is truly seen where, made easy to look up by time.

The truth of a scene is a dict with `turns` (`start, end, speaker`), which may overlap, and where people are seen:
`panels` (`start, end, person, box`) or `faces`, one for each stretch in which a face is seen without a break (`person,
boxes` with rows of time, x1, y1, x2, y2).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.links.linked_video import Timetable
from pins_plugin.errors import LinksError
from pins_plugin.types import FaceTrack

TRUTH_STEP = 0.02  # seconds between the moments at which links are compared
EDGE = 0.16  # seconds around the borders of true turns within which silence is not judged
Boxes = NDArray[np.float64]


class SceneTruth:
    """The truth of one scene.

    Raises
    ------
    LinksError
        When the truth is of another form.

    Examples
    --------
    >>> panel = {"start": 0, "end": 4, "person": "anna", "box": [0, 0, 10, 10]}
    >>> turns = [{"start": 0, "end": 4, "speaker": "anna"}, {"start": 1, "end": 2, "speaker": "ben"}]
    >>> truth = SceneTruth({"turns": turns, "panels": [panel]})
    >>> sorted(truth.speaking_at(1.5)), sorted(truth.seen_at(1.5))
    (['anna', 'ben'], ['anna'])
    """

    def __init__(self, truth: Mapping[str, Any]) -> None:
        try:
            self.turns = [
                (float(turn["start"]), float(turn["end"]), str(turn["speaker"]))
                for turn in truth.get("turns", [])
            ]
            self.faces = _read_faces(truth)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise LinksError(
                f"truth: expected turns (start, end, speaker) and panels (start, end, person, box) or faces (person, boxes), got {error!r}"
            ) from error
        self._turn_table = Timetable([(start, end) for start, end, _ in self.turns])
        self._face_table = Timetable([_span(rows) for _, rows in self.faces])

    def speaking_at(self, time: float) -> set[str]:
        """Whoever speaks at `time` in seconds."""
        near = (self.turns[number] for number in self._turn_table.near(time))
        return {speaker for start, end, speaker in near if start <= time < end}

    def seen_at(self, time: float) -> dict[str, Boxes]:
        """Whoever is seen at `time` in seconds, and the box (4,)."""
        near = (self.faces[number] for number in self._face_table.near(time))
        return {
            person: np.array([np.interp(time, rows[:, 0], rows[:, side]) for side in range(1, 5)])
            for person, rows in near
        }


def _read_faces(truth: Mapping[str, Any]) -> list[tuple[str, Boxes]]:
    """Person and boxes (num_boxes, 5) of every stretch in which a face is truly seen."""
    panels = [
        (panel["person"], [[panel["start"], *panel["box"]], [panel["end"], *panel["box"]]])
        for panel in truth.get("panels", [])
    ]
    faces = [(face["person"], face["boxes"]) for face in truth.get("faces", [])]
    return [
        (str(person), np.asarray(boxes, dtype=np.float64).reshape(-1, 5))
        for person, boxes in panels + faces
        if len(boxes)
    ]


def _span(rows: Boxes) -> tuple[float, float]:
    return rows[0, 0] - TRUTH_STEP, rows[-1, 0] + TRUTH_STEP


def moments(start: float, end: float) -> NDArray[np.float64]:
    """Moments (num_moments,) in the middle of equal steps from `start` to `end`."""
    number = max(1, round((end - start) / TRUTH_STEP))
    return start + (np.arange(number) + 0.5) * (end - start) / number


def owner_of(box: Boxes, seen: Mapping[str, Boxes]) -> str | None:
    """Whose true face the center of a box lies on; of several the one whose center is nearest."""
    center = (box[:2] + box[2:]) / 2
    around = {
        person: float(np.hypot(*((true[:2] + true[2:]) / 2 - center)))
        for person, true in seen.items()
        if (true[:2] <= center).all() and (center <= true[2:]).all()
    }
    return min(around, key=lambda person: around[person], default=None)


def lay_out(
    truth: SceneTruth,
    tracks: Sequence[FaceTrack],
    faces: Sequence[str],
    num_steps: int,
    step: float,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
    """Lay the truth of a scene out on steps: who speaks, who is shown, whose each found face is.

    Parameters
    ----------
    tracks : sequence of FaceTrack
        That were found, with `person` set.
    faces : sequence of str
        Labels of their people, in the order of the columns of `owners`.
    step : float
        In seconds.

    Returns
    -------
    speaking, shown : (num_steps, num_people) bool array
        Of everybody who speaks or is shown, in alphabetical order.
    owners : (num_steps, num_faces) int64 array
        Whose each found face is, -1 for nobody's.
    edges : (num_steps,) bool array
        Near a border of a turn.
    """
    clock = (np.arange(num_steps) + 0.5) * step
    people = sorted({turn[2] for turn in truth.turns} | {person for person, _ in truth.faces})
    number_of = {person: number for number, person in enumerate(people)}
    speaking, shown = np.zeros((2, num_steps, len(people)), bool)
    edges = np.zeros(num_steps, bool)
    for start, end, speaker in truth.turns:
        speaking[(clock >= start) & (clock < end), number_of[speaker]] = True
        edges |= np.minimum(np.abs(clock - start), np.abs(clock - end)) < EDGE
    owners = np.full((num_steps, len(faces)), -1)
    spans = [(track, *track.span, faces.index(str(track.person))) for track in tracks]
    for row, time in enumerate(clock):
        seen = truth.seen_at(time)
        shown[row, [number_of[person] for person in seen]] = True
        for track, start, end, column in spans:
            if start - 1e-6 <= time < end + 1e-6:
                place = min(int(np.searchsorted(track.times, time)), len(track.times) - 1)
                owner = owner_of(track.boxes[place].astype(np.float64), seen)
                if owner is not None:
                    owners[row, column] = number_of[owner]
    return speaking, shown, owners, edges
