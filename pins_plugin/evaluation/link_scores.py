"""Errors of people's labels over time, by pyannote.metrics, and how far the confidence of links can be trusted."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyannote.core import Annotation, Segment, Timeline

from pins_plugin.data.links import LinkedVideo
from pins_plugin.evaluation.linking import (
    CAUSES,
    faces_at,
    moments,
    owner_of,
    right_moments,
    speech_time_correct,
    true_faces,
)
from pins_plugin.metrics.bootstrap import mean_interval


@dataclass
class TurnScores:
    """Adds up errors over scenes.

    `judged` holds, for each scene, pairs of (confidence of a link, whether it is right), one each moment of
    speech.
    """

    judged: list[list[tuple[float, bool]]] = field(default_factory=list)
    _metrics: dict[str, Any] = field(default_factory=dict)

    def add(
        self,
        reference: Annotation,
        before: Annotation,
        after: Annotation,
        links: Mapping[str, Any],
        truth: Mapping[str, Any],
    ) -> None:
        """Score one scene.

        Parameters
        ----------
        reference : Annotation
            True turns, labeled by person.
        before, after : Annotation
            Turns by speaker, before and after faces were looked at.
        links, truth : dict
            See `evaluation.linking`.
        """
        from pyannote.metrics.diarization import DiarizationErrorRate
        from pyannote.metrics.identification import IdentificationErrorRate

        extent = Timeline([Segment(0.0, float(truth["duration"]))])
        if not self._metrics:
            self._metrics = {
                "before": DiarizationErrorRate(),
                "after": DiarizationErrorRate(),
                "identification": IdentificationErrorRate(),
            }
        self._metrics["before"](reference, before, uem=extent)
        self._metrics["after"](reference, after, uem=extent)
        seen, found = _people(reference, links, truth)
        self._metrics["identification"](seen, found, uem=extent)
        self.judged.append(right_moments(links, truth))

    def report(self) -> dict[str, float]:
        """Error rates over all scenes so far."""
        return {name: float(abs(metric)) for name, metric in self._metrics.items()}


class Tally:
    """Adds up, by kind of scene, how well several ways to link do."""

    def __init__(self) -> None:
        self.shares: dict[str, dict[str, list[float]]] = {}
        self.lost: dict[str, list[dict[str, float]]] = {}
        self.errors: dict[str, TurnScores] = {}

    def add(
        self,
        reference: Annotation,
        before: Annotation,
        after: Annotation,
        links: Mapping[str, Mapping[str, Any]],
        truth: Mapping[str, Any],
    ) -> None:
        """Score one scene; `links` by way of linking, the first is the one whose errors are looked at."""
        kind = str(truth["kind"])
        scores = {name: speech_time_correct(value, truth) for name, value in links.items()}
        for name, score in scores.items():
            shares = self.shares.setdefault(kind, {}).setdefault(name, [])
            shares.append(score["speech_time_correct"])
        self.lost.setdefault(kind, []).append(next(iter(scores.values()))["lost"])
        first = next(iter(links.values()))
        self.errors.setdefault(kind, TurnScores()).add(reference, before, after, first, truth)

    def report(self) -> dict[str, Any]:
        """Means over scenes with their 95 % intervals, what is lost to which cause, error rates, and reliability of the confidence."""
        judged = [
            pair for score in self.errors.values() for scene in score.judged for pair in scene
        ]
        return {
            "speech_time_correct": {
                kind: {name: float(np.mean(values)) for name, values in by_name.items()}
                for kind, by_name in self.shares.items()
            },
            "intervals": {
                kind: {name: _interval(values) for name, values in by_name.items()}
                for kind, by_name in self.shares.items()
            },
            "lost": {
                kind: {cause: float(np.mean([each[cause] for each in lost])) for cause in CAUSES}
                for kind, lost in self.lost.items()
            },
            "errors": {kind: score.report() for kind, score in self.errors.items()},
            "reliability": reliability(judged),
            "num_scenes": {kind: len(score.judged) for kind, score in self.errors.items()},
        }


def reliability(judged: Sequence[tuple[float, bool]], num_bins: int = 5) -> list[dict[str, float]]:
    """Group moments by the confidence of their link: mean confidence, share of right ones, seconds.

    Parameters
    ----------
    judged : sequence of (confidence, right)
        One each 0.02 s.
    num_bins : int
        Of equal width from 0 to 1; empty ones are left out.
    """
    if not judged:
        return []
    confidence = np.array([value for value, _ in judged])
    right = np.array([found for _, found in judged], float)
    bins = np.clip((confidence * num_bins).astype(int), 0, num_bins - 1)
    return [
        {
            "confidence": float(confidence[bins == number].mean()),
            "right": float(right[bins == number].mean()),
            "seconds": float((bins == number).sum() * 0.02),
        }
        for number in np.unique(bins)
    ]


def _interval(values: Sequence[float]) -> list[float]:
    """Bound the mean over scenes by the bootstrap."""
    scenes = np.arange(len(values))
    interval = mean_interval(values, scenes, len(values), generator=np.random.default_rng(0))
    return [round(float(bound), 4) for bound in interval]


def _people(
    reference: Annotation, links: Mapping[str, Any], truth: Mapping[str, Any]
) -> tuple[Annotation, Annotation]:
    """True and found turns of people on screen; a found person is named by whose face it most often is."""
    faces = true_faces(truth)
    on_screen = Annotation(uri=reference.uri)
    for turn, name, person in reference.itertracks(yield_label=True):
        for number, (seen, boxes) in enumerate(faces):
            shared = turn & Segment(boxes[0, 0], boxes[-1, 0])
            if seen == person and shared:
                on_screen[shared, f"{name}@{number}"] = person
    linked, found = LinkedVideo.from_links(links), Annotation(uri=reference.uri)
    owners: dict[str, Counter[str]] = defaultdict(Counter)
    for number, link in enumerate(links["links"]):
        if link["person"] is None:
            continue
        found[Segment(link["start"], link["end"]), number] = link["person"]
        for time in moments(link["start"], link["end"]):
            seen_then = dict(faces_at(faces, time))
            for person, box in linked.boxes_at(time):
                if person == link["person"]:
                    owners[person][owner_of(box, seen_then) or ""] += 1
    names = {person: counts.most_common(1)[0][0] for person, counts in owners.items()}
    return on_screen, found.rename_labels({label: name for label, name in names.items() if name})
