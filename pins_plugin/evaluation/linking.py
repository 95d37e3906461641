"""Links of speakers to faces against the truth: how much of the speech went to the right face.

The truth of a scene is a dict with `turns` (`start, end, speaker`) and where people are seen: `panels`
(`start, end, person, box`) or `faces`, one for each stretch in which a face is seen without a break (`person,
boxes` with rows of time, x1, y1, x2, y2).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.links import LinkedVideo
from pins_plugin.errors import LinksError

STEP = 0.02  # seconds between the moments at which links are compared
RIGHT = "right"
CAUSES = (
    "no turn",
    "face not found",
    "wrong face",
    "called off screen",
    "hidden speaker given a face",
)


def speech_time_correct(links: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, Any]:
    """Score the links of one video.

    A moment of somebody's speech counts as right when the links name, at that moment, exactly one face, and its
    box has its center on the true speaker's face; or, when the speaker is not on screen, when a link stands
    there that points to no face in the picture. Labels play no role, places do. Speech without any link is wrong.

    Parameters
    ----------
    links : dict
        The value of `links.json`.
    truth : dict
        Of the scene.

    Returns
    -------
    report : dict
        `speech_time_correct` (share of all speech time); under `on_screen` and `off_screen`, `seconds` and
        `correct` (share, None where there is no such speech); under `lost`, the share of all speech time that is
        lost to each of `CAUSES`.

    Raises
    ------
    LinksError
        When the truth holds no speech.

    Examples
    --------
    >>> face = [[0.0, 0, 0, 10, 10], [4.0, 0, 0, 10, 10]]
    >>> turn = {"start": 0, "end": 2, "speaker": "S0", "person": "P0", "box": None, "confidence": 1}
    >>> links = {"version": 1, "video": "a.mp4", "duration": 4, "links": [turn],
    ...          "tracks": [{"track": "T0", "person": "P0", "boxes": face}]}
    >>> truth = {"turns": [{"start": 0, "end": 4, "speaker": "anna"}], "faces": [{"person": "anna", "boxes": face}]}
    >>> speech_time_correct(links, truth)["speech_time_correct"]
    0.5
    """
    linked = LinkedVideo.from_links(links)
    faces = true_faces(truth)
    found: dict[bool, list[str]] = {True: [], False: []}
    for turn in truth["turns"]:
        for time in moments(turn["start"], turn["end"]):
            seen = {person: box for person, box in faces_at(faces, time)}
            shown = turn["speaker"] in seen
            found[shown].append(judge(linked, time, turn["speaker"], seen))
    verdicts = [*found[True], *found[False]]
    if not verdicts:
        raise LinksError("truth: holds no speech; expected at least one turn")
    return {
        "speech_time_correct": verdicts.count(RIGHT) / len(verdicts),
        "on_screen": _share(found[True]),
        "off_screen": _share(found[False]),
        "lost": {cause: verdicts.count(cause) / len(verdicts) for cause in CAUSES},
    }


def right_moments(links: Mapping[str, Any], truth: Mapping[str, Any]) -> list[tuple[float, bool]]:
    """Confidence of the link, and whether it is right, for each moment of true speech that has one."""
    linked = LinkedVideo.from_links(links)
    faces = true_faces(truth)
    judged = []
    for turn in truth["turns"]:
        for time in moments(turn["start"], turn["end"]):
            links_then = linked.turns_at(time)
            if links_then:
                seen = dict(faces_at(faces, time))
                right = judge(linked, time, turn["speaker"], seen) == RIGHT
                judged.append((max(link.confidence for link in links_then), right))
    return judged


def _share(verdicts: Sequence[str]) -> dict[str, float | None]:
    return {
        "seconds": round(len(verdicts) * STEP, 2),
        "correct": verdicts.count(RIGHT) / len(verdicts) if verdicts else None,
    }


def moments(start: float, end: float) -> NDArray[np.float64]:
    """Moments (num_moments,) in the middle of equal steps from `start` to `end`."""
    number = max(1, round((end - start) / STEP))
    return start + (np.arange(number) + 0.5) * (end - start) / number


def judge(
    linked: LinkedVideo, time: float, speaker: str, seen: Mapping[str, NDArray[np.float64]]
) -> str:
    """Say whether a moment of a true speaker's speech is right, or which of `CAUSES` it is lost to.

    Parameters
    ----------
    linked : LinkedVideo
    time : float
        In seconds.
    speaker : str
    seen : mapping of str to (4,) array
        Where people are truly seen then.
    """
    turns = linked.turns_at(time)
    if not turns:
        return "no turn"
    named = {turn.person for turn in turns if turn.person is not None}
    faces = linked.boxes_at(time)
    boxes = [box for person, box in faces if person in named]
    if speaker not in seen:
        return "hidden speaker given a face" if boxes else RIGHT
    if len(boxes) == 1 and owner_of(boxes[0], seen) == speaker:
        return RIGHT
    if speaker not in [owner_of(box, seen) for _, box in faces]:
        return "face not found"
    return "wrong face" if boxes else "called off screen"


def owner_of(box: NDArray[np.float64], seen: Mapping[str, NDArray[np.float64]]) -> str | None:
    """Whose true face the center of a box lies on; of several the one whose center is nearest."""
    center = (box[:2] + box[2:]) / 2
    around = {
        person: float(np.hypot(*((true[:2] + true[2:]) / 2 - center)))
        for person, true in seen.items()
        if (true[:2] <= center).all() and (center <= true[2:]).all()
    }
    return min(around, key=lambda person: around[person], default=None)


def true_faces(truth: Mapping[str, Any]) -> list[tuple[str, NDArray[np.float64]]]:
    """Person and boxes (num_boxes, 5) of every stretch in which a face is truly seen."""
    panels = [
        (panel["person"], [[panel["start"], *panel["box"]], [panel["end"], *panel["box"]]])
        for panel in truth.get("panels", [])
    ]
    faces = [(face["person"], face["boxes"]) for face in truth.get("faces", [])]
    return [
        (person, np.asarray(boxes, dtype=np.float64).reshape(-1, 5))
        for person, boxes in panels + faces
        if len(boxes)
    ]


def faces_at(
    faces: Sequence[tuple[str, NDArray[np.float64]]], time: float
) -> list[tuple[str, NDArray[np.float64]]]:
    found = []
    for person, rows in faces:
        if rows[0, 0] - STEP <= time <= rows[-1, 0] + STEP:
            box = [np.interp(time, rows[:, 0], rows[:, side]) for side in range(1, 5)]
            found.append((person, np.asarray(box)))
    return found
