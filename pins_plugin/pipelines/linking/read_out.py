"""From decoded steps to links: runs of one person, cut where the face comes or goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation
from scipy.special import expit, logit

from pins_plugin.pipelines.diarization.turns import annotate
from pins_plugin.pipelines.linking.decoder import Decoded
from pins_plugin.pipelines.linking.given_turns import active_turns
from pins_plugin.pipelines.linking.hearing import STEP, find_equal
from pins_plugin.pipelines.linking.parameters import LinkingParameters
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.pipelines.linking.seeing import Seeing
from pins_plugin.pipelines.people.naming import Voices
from pins_plugin.types import FaceTrack, SpeakerFaceLink
from pins_plugin.utils.vectors import unit

PAUSE = 3  # steps: shorter silence within one person's speech is part of it, as in voice activity of the field
# Steps of a link; shorter ones join a neighbor of the same speaker; chosen, not measured
MIN_LINK = 2
REVIEWED = 6.0  # log-likelihood ratio shown for what a reviewer said; chosen, not measured
LIMIT = 1e-4  # probabilities are no closer to 0 and 1, so that logarithms are finite
# Of the probabilities of a link's steps, what its confidence is made from: one or two sure steps do not make a link sure, nor
# do unsure borders spoil it. Chosen on people left out: 0.1, 0.2, 0.33, the median and the mean tell right from wrong no better
QUANTILE = 0.25


@dataclass(frozen=True, eq=False)
class Run:
    """Steps of one person's speech, under one speaker's label."""

    first: int
    last: int  # the one after
    person: int  # column of the decoder
    speaker: str
    start: float  # seconds
    end: float

    @staticmethod
    def time_of(step: int) -> float:
        """Middle of a step, in seconds."""
        return (step + 0.5) * STEP

    @property
    def steps(self) -> slice:
        """Rows of the decoder's arrays."""
        return slice(self.first, self.last)


def bridge_pauses(said: NDArray[np.bool_], longest: int = PAUSE) -> NDArray[np.bool_]:
    """Fill pauses of one person, of at most `longest` steps, in which nobody else speaks."""
    filled, anybody = said.copy(), np.asarray(said.any(axis=1))
    for person in range(said.shape[1]):
        spoken = np.flatnonzero(said[:, person])
        for first, second in pairwise(spoken.tolist()):
            if 1 < second - first <= longest + 1 and not anybody[first + 1 : second].any():
                filled[first:second, person] = True
    return filled


def find_runs(said: NDArray[np.bool_], duration: float, pause: int = PAUSE) -> list[Run]:
    """Runs of everybody who speaks, `said` (num_steps, num_people), in a file of `duration` seconds.

    Pauses of one person of at most `pause` steps belong to the run. Speakers are called SPEAKER_00, ... in order of appearance.
    """
    runs = sorted(
        (first, last, person)
        for person, spoken in enumerate(bridge_pauses(said, pause).T)
        for first, last in find_equal(spoken)
        if spoken[first]
    )
    met = dict.fromkeys(person for _, _, person in runs)
    labels = {person: f"SPEAKER_{number:02d}" for number, person in enumerate(met)}
    return [
        Run(first, last, person, labels[person], first * STEP, min(last * STEP, duration))
        for first, last, person in runs
    ]


def find_given_runs(decoded: Decoded, turns: Annotation) -> list[Run]:
    """Runs within given turns: who speaks in each, by the decoder."""
    num_steps = len(decoded.said)
    active = active_turns(turns, num_steps)
    labels = turns.labels()
    affinity = active.T.astype(float) @ decoded.speaking  # (num_speakers, num_people)
    affinity /= np.maximum(affinity.sum(axis=1, keepdims=True), 1e-9)
    several = active.sum(axis=1, keepdims=True) >= 2
    runs = []
    for segment, _, label in turns.itertracks(yield_label=True):
        first = min(round(segment.start / STEP), num_steps - 1)
        last = min(max(round(segment.end / STEP), first + 1), num_steps)
        scores = decoded.speaking[first:last]
        scores = scores * np.where(several[first:last], affinity[labels.index(label)], 1.0)
        who = scores.argmax(axis=1)
        for begin, end in find_equal(who):
            start = segment.start if begin == 0 else (first + begin) * STEP
            stop = segment.end if end == len(who) else (first + end) * STEP
            runs.append(Run(first + begin, first + end, int(who[begin]), str(label), start, stop))
    return runs


def make_links(
    runs: Sequence[Run],
    decoded: Decoded,
    evidence: Evidence,
    tracks: Sequence[FaceTrack],
    parameters: LinkingParameters,
) -> list[SpeakerFaceLink]:
    """Cut runs where a face comes or goes, or a reviewer settled who speaks, and say how sure each part is and by what."""
    seeing, held = evidence.seeing, evidence.held
    parts = evidence_parts(decoded, seeing, parameters)
    hidden = hidden_probability(decoded, seeing)
    visible = np.zeros(decoded.said.shape, bool)
    visible[:, : len(seeing.people)] = seeing.visible
    settled = np.isin(np.arange(len(visible)), list(held))
    links = []
    for run in runs:
        shown, fixed = visible[run.steps, run.person], settled[run.steps]
        for begin, end, on_screen, reviewed in _cut(shown, fixed):
            steps = slice(run.first + begin, run.first + end)
            start = run.start if begin == 0 else (run.first + begin) * STEP
            stop = run.end if end == run.last - run.first else (run.first + end) * STEP
            who = held.get(run.first + begin, frozenset())
            label = seeing.people[run.person] if on_screen else None
            if reviewed and who and not on_screen:
                label = seeing.people[min(who)]
            sure = decoded.speaking[steps, run.person] if on_screen else hidden[steps]
            links.append(
                SpeakerFaceLink(
                    start=start,
                    end=stop,
                    speaker=run.speaker,
                    person=label,
                    box=_mean_box(tracks, label, start, stop) if on_screen else None,
                    confidence=1.0 if reviewed else float(np.quantile(sure, QUANTILE)),
                    status="on screen" if on_screen else "off screen",
                    evidence={"review": REVIEWED}
                    if reviewed
                    else _explain(parts, steps, run.person, on_screen, seeing),
                )
            )
    links.sort(key=lambda link: (link.start, link.end, link.speaker))
    values = confidence_features(links) @ np.array(parameters.confidence)
    return [
        link
        if "review" in link.evidence
        else replace(
            link,
            confidence=float(sure),
            status=link.status if sure >= parameters.uncertain else "uncertain",
        )
        for link, sure in zip(links, expit(values), strict=True)
    ]


def confidence_features(links: Sequence[SpeakerFaceLink]) -> NDArray[np.float64]:
    """What the confidence of each link is weighed from, (num_links, 4), given the quartile of its probability as `confidence`.

    One; the log-odds of the probability; whether the face is shown; the share of the link in which another one runs.
    """
    steps = [slice(round(link.start / STEP), round(link.end / STEP)) for link in links]
    number = np.zeros(max((each.stop for each in steps), default=0), int)
    for each in steps:
        number[each] += 1
    together = [
        float((number[each] >= 2).mean()) if each.stop > each.start else 0.0 for each in steps
    ]
    probability = np.clip([link.confidence for link in links], LIMIT, 1 - LIMIT)
    shown = [link.box is not None for link in links]
    return np.column_stack([np.ones(len(links)), logit(probability), shown, together])


def speaker_turns(runs: Sequence[Run], uri: str | None) -> Annotation:
    """The turns by speaker; they may overlap."""
    return annotate([(run.start, run.end, run.speaker) for run in runs], uri)


def pool_voices(runs: Sequence[Run], decoded: Decoded, evidence: Evidence) -> Voices:
    """Mean voice of each face and of each speaker, of the stretches that are theirs, by label."""
    hearing = evidence.hearing
    found: Voices = {}
    if not len(hearing.voices):
        return found
    weights = hearing.seconds[:, None] * decoded.shares
    for face, label in enumerate(evidence.seeing.people):
        total = weights[:, face] @ hearing.voices
        if weights[:, face].sum() > 0.5:
            found[label] = unit(total)
    for speaker in {run.speaker for run in runs}:
        steps = np.zeros(len(hearing.stretch_of), bool)
        for run in runs:
            if run.speaker == speaker:
                steps[run.steps] = True
        inside = hearing.stretch_of[steps]
        share = np.bincount(inside[inside >= 0], minlength=len(hearing.voices)).astype(float)
        if share.any():
            found[speaker] = unit(share @ hearing.voices)
    return found


def hidden_probability(decoded: Decoded, seeing: Seeing) -> NDArray[np.float64]:
    """Probability that somebody speaks who is not shown, (num_steps,)."""
    hidden = np.ones(decoded.speaking.shape, bool)
    hidden[:, : len(seeing.people)] = ~seeing.visible
    return np.minimum((decoded.speaking * hidden).sum(axis=1), 1.0)


def evidence_parts(
    decoded: Decoded, seeing: Seeing, parameters: LinkingParameters
) -> dict[str, NDArray[np.float64]]:
    """What each kind of evidence says for each person at each step, (num_steps, num_people) each."""
    features = decoded.features
    unknown = len(seeing.people)
    presence = features.entry - features.entry[:, [unknown]]  # beside a voice without a face
    begins = features.shifts.copy()
    begins[1:] |= (decoded.said[1:] != decoded.said[:-1]).any(axis=1)
    joint = np.zeros_like(features.voices) if decoded.joint is None else decoded.joint
    others = {name: np.zeros_like(features.voices) for name in seeing.others}
    for name, values in seeing.others.items():
        others[name][:, :unknown] = parameters.others * np.where(seeing.visible, values, 0.0)
    return {
        "sync": parameters.lips * features.personal["lips"],
        "talking": parameters.talking * features.personal["talking"],
        "voice": features.voices - joint,
        "joint": joint,
        "presence": presence * begins[:, None],
        **others,
    }


def _explain(
    parts: Mapping[str, NDArray[np.float64]],
    steps: slice,
    person: int,
    on_screen: bool,
    seeing: Seeing,
) -> dict[str, float]:
    """Sum of each part over a link: for the face, or against the face that came nearest."""
    sums = {name: values[steps].sum(axis=0) for name, values in parts.items()}
    if on_screen:
        return {name: float(values[person]) for name, values in sums.items() if values[person]}
    shown = np.flatnonzero(seeing.visible[steps].any(axis=0))
    found = {"voice": float(sums["voice"][person])} if sums["voice"][person] else {}
    if len(shown):
        total = np.sum(list(sums.values()), axis=0)[shown]
        nearest = int(shown[total.argmax()])
        found |= {
            name: -float(values[nearest])
            for name, values in sums.items()
            if name != "voice" and values[nearest]
        }
    return found


def _cut(shown: NDArray[np.bool_], fixed: NDArray[np.bool_]) -> list[tuple[int, int, bool, bool]]:
    """Parts in which a face is shown, and steps are settled, throughout or not at all: begin, end, whether.

    What is too short goes with the part before it, or after it at the beginning.
    """
    kinds = 2 * shown.astype(int) + fixed
    parts = find_equal(kinds)
    for number, (begin, end) in enumerate(parts):
        if end - begin < MIN_LINK and len(parts) > 1:
            kinds[begin:end] = kinds[begin - 1] if number else kinds[end]
    return [
        (begin, end, bool(kinds[begin] // 2), bool(kinds[begin] % 2))
        for begin, end in find_equal(kinds)
    ]


def _mean_box(
    tracks: Sequence[FaceTrack], label: str | None, start: float, end: float
) -> tuple[float, float, float, float]:
    """Of a face from `start` to `end` seconds; where it has none just then, that of the end of its first track."""
    own = [track for track in tracks if track.person == label]
    boxes = [
        track.boxes[(track.times >= start - 0.02) & (track.times <= end)]
        for track in own
        if track.start <= end and track.end >= start - STEP
    ]
    if not sum(map(len, boxes)):
        boxes = [own[0].boxes[-1:]]
    left, top, right, bottom = np.concatenate(boxes).mean(axis=0).tolist()
    return left, top, right, bottom
