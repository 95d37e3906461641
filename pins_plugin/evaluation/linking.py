"""Active speaker detection scored over time: how much of the speech went to the right face.

The truth of a scene is that of `scene_truth`. Turns and links may overlap in time: every true speaker of a moment
is looked for by itself.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import LinksError
from pins_plugin.evaluation.scene_truth import TRUTH_STEP, SceneTruth, moments, owner_of

RIGHT = "right"
CAUSES = (
    "no turn",
    "face not found",
    "wrong face",
    "called off screen",
    "hidden speaker given a face",
    "beside another speaker",
)


class Heard(NamedTuple):
    """A moment of one true speaker's speech: what became of it."""

    speaker: str
    shown: bool  # whether the speaker's face is seen then
    together: bool  # whether somebody else speaks as well
    verdict: str  # RIGHT or one of CAUSES


@dataclass
class LinkMoments:
    """Moments of the speech and of the links of one or more videos.

    `heard` holds those of true speech; `named` and `rightly_named` are seconds of links that name a face in the picture, and
    of those whose face speaks then; `judged` holds (confidence, whether right) of each moment of a link while anybody speaks.
    """

    heard: list[Heard] = field(default_factory=list)
    named: float = 0.0
    rightly_named: float = 0.0
    judged: list[tuple[float, bool]] = field(default_factory=list)

    def __iadd__(self, other: "LinkMoments") -> "LinkMoments":
        self.heard += other.heard
        self.named += other.named
        self.rightly_named += other.rightly_named
        self.judged += other.judged
        return self

    @property
    def precision(self) -> float | None:
        """Share of the time of links that name a face in which that face speaks; None where no link names one."""
        return self.rightly_named / self.named if self.named else None

    @property
    def lost(self) -> dict[str, float]:
        """Share of the speech that is lost to each of `CAUSES`."""
        verdicts = Counter(each.verdict for each in self.heard)
        return {cause: verdicts[cause] / len(self.heard) for cause in CAUSES}


def speech_time_correct(links: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, Any]:
    """Score the links of one video.

    A moment of a true speaker's speech counts as right when a link of that moment names a face whose box has its center
    on the speaker's face; or, when the speaker is not on screen, when a link stands there that points to no face in
    the picture. Labels play no role, places do. Speech without any link is wrong. Where several speak at once, each has
    to be found. What is linked too much is told by `precision`.

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
        `correct` (share, None where there is no such speech); the same of faces that speak `alone` and `together`; under
        `lost`, the share of all speech time that is lost to each of `CAUSES`; `precision`, the share of the time of links that
        name a face in which that face speaks (None where no link names one).

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
    >>> report = speech_time_correct(links, truth)
    >>> report["speech_time_correct"], report["precision"]
    (0.5, 1.0)
    """
    found = judge_video(LinkedVideo.from_links(links), SceneTruth(truth))
    parts = {
        "on_screen": [each for each in found.heard if each.shown],
        "off_screen": [each for each in found.heard if not each.shown],
        "alone": [each for each in found.heard if each.shown and not each.together],
        "together": [each for each in found.heard if each.shown and each.together],
    }
    return {
        "speech_time_correct": share_right(found.heard),
        **{
            name: {"seconds": round(len(part) * TRUTH_STEP, 2), "correct": share_right(part)}
            for name, part in parts.items()
        },
        "lost": found.lost,
        "precision": found.precision,
    }


def judge_video(linked: LinkedVideo, truth: SceneTruth) -> LinkMoments:
    """Judge each moment of each true turn and of each link.

    Raises
    ------
    LinksError
        When the truth holds no speech.
    """
    found = follow_links(linked, truth)
    found.heard = _hear(linked, truth)
    if not found.heard:
        raise LinksError("truth: holds no speech; expected at least one turn")
    return found


def _hear(linked: LinkedVideo, truth: SceneTruth) -> list[Heard]:
    heard = []
    for start, end, speaker in truth.turns:
        for time in moments(start, end):
            seen = truth.seen_at(time)
            others = truth.speaking_at(time) - {speaker}
            verdict = _judge(linked, time, speaker, seen, others)
            heard.append(Heard(speaker, speaker in seen, bool(others), verdict))
    return heard


def _judge(
    linked: LinkedVideo,
    time: float,
    speaker: str,
    seen: Mapping[str, NDArray[np.float64]],
    others: set[str],
) -> str:
    """Say whether a moment of a true speaker's speech is right, or which of `CAUSES` it is lost to; `others` speak as well."""
    turns = linked.turns_at(time)
    if not turns:
        return "no turn"
    faces = linked.boxes_at(time)
    in_picture = {person for person, _ in faces}
    named = {turn.person for turn in turns if turn.person in in_picture}
    owners = {_owner(person, faces, seen) for person in named}
    to_nobody = any(turn.person not in in_picture for turn in turns)
    if speaker not in seen:
        if to_nobody:
            return RIGHT
        return "beside another speaker" if owners <= others else "hidden speaker given a face"
    if speaker in owners:
        return RIGHT
    if speaker not in [owner_of(box, seen) for _, box in faces]:
        return "face not found"
    if others and owners <= others and (owners or not others <= set(seen)):
        return "beside another speaker"
    return "wrong face" if owners else "called off screen"


def _owner(
    person: str | None,
    faces: Sequence[tuple[str, NDArray[np.float64]]],
    seen: Mapping[str, NDArray[np.float64]],
) -> str | None:
    """Whose true face a label points to; nobody's where it is on two faces at once."""
    boxes = [box for label, box in faces if label == person]
    return owner_of(boxes[0], seen) if len(boxes) == 1 else None


def follow_links(
    linked: LinkedVideo, truth: SceneTruth, people: Collection[str] | None = None
) -> LinkMoments:
    """Judge each moment of each link; with `people`, `judged` holds those in which one of them speaks."""
    made = LinkMoments()
    for turn in linked.turns:
        for time in moments(turn.start, turn.end):
            speaking, seen = truth.speaking_at(time), truth.seen_at(time)
            faces = linked.boxes_at(time)
            if turn.person in {person for person, _ in faces}:
                right = _owner(turn.person, faces, seen) in speaking
                made.named += TRUTH_STEP
                made.rightly_named += TRUTH_STEP * right
            else:
                right = bool(speaking - set(seen))
            if speaking and (people is None or speaking & set(people)):
                made.judged.append((turn.confidence, right))
    return made


def share_right(heard: Sequence[Heard]) -> float | None:
    """Share of moments that is right; None where there are none."""
    return sum(each.verdict == RIGHT for each in heard) / len(heard) if heard else None
