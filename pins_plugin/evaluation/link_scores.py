"""Scores of several ways to link, added up over scenes of several kinds, with intervals over people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyannote.core import Annotation

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.evaluation.linking import RIGHT, Heard, LinkMoments, judge_video, share_right
from pins_plugin.evaluation.scene_truth import TRUTH_STEP, SceneTruth
from pins_plugin.evaluation.turn_errors import TurnErrors, identification_turns
from pins_plugin.metrics.bootstrap import mean_interval

SURE = 0.9  # links of more confidence should nearly all be right


@dataclass
class LinkScores:
    """One way to link on scenes of one kind."""

    scenes: list[float] = field(default_factory=list)  # share of the speech time that is right
    found: LinkMoments = field(default_factory=LinkMoments)
    identification: TurnErrors = field(default_factory=lambda: TurnErrors(by_label=True))

    def add(
        self, reference: Annotation, links: Mapping[str, Any], truth: Mapping[str, Any]
    ) -> None:
        """Score one scene; see `Tally.add`."""
        known = SceneTruth(truth)
        found = judge_video(LinkedVideo.from_links(links), known)
        world = truth.get("settings", {}).get("seed", "")  # people of other seeds are others
        found.heard = [each._replace(speaker=f"{world}{each.speaker}") for each in found.heard]
        self.scenes.append(share_right(found.heard) or 0.0)
        self.found += found
        seen, named = identification_turns(reference, links, known)
        self.identification.add(seen, named, float(truth["duration"]))

    def report(self) -> dict[str, Any]:
        """What `Tally.report` says of one way and kind."""
        heard = self.found.heard
        alone = [each for each in heard if each.shown and not each.together]
        together = [each for each in heard if each.shown and each.together]
        return {
            "correct": share_right(heard),
            "interval": people_interval(heard),
            "mean_over_scenes": float(np.mean(self.scenes)),
            "num_scenes": len(self.scenes),
            "num_people": len({each.speaker for each in heard}),
            "seconds": round(TRUTH_STEP * len(heard), 1),
            "recall": {"alone": share_right(alone), "together": share_right(together)},
            "recall_interval": {
                "alone": people_interval(alone),
                "together": people_interval(together),
            },
            "overlap": round(TRUTH_STEP * len(together), 1),
            "precision": self.found.precision,
            "lost": self.found.lost,
            "identification": self.identification.report()["rate"],
            "reliability": reliability(self.found.judged),
            "sure": sure_links(self.found.judged),
        }


class Tally:
    """Adds up, by kind of scene, how well several ways to link do."""

    def __init__(self) -> None:
        self.scores: dict[str, dict[str, LinkScores]] = {}
        self.turns: dict[str, dict[str, TurnErrors]] = {}

    def add(
        self,
        reference: Annotation,
        turns: Mapping[str, Annotation],
        links: Mapping[str, Mapping[str, Any]],
        truth: Mapping[str, Any],
    ) -> None:
        """Score one scene.

        Parameters
        ----------
        reference : Annotation
            True turns, labeled by person.
        turns : mapping of str to Annotation
            Speaker turns by what found them.
        links : mapping of str to dict
            Values of `links.json` by way of linking.
        truth : dict
            See `evaluation.scene_truth`; with `kind` and `duration`.
        """
        kind = str(truth["kind"])
        for name, value in links.items():
            scores = self.scores.setdefault(kind, {}).setdefault(name, LinkScores())
            scores.add(reference, value, truth)
        for name, found in turns.items():
            errors = self.turns.setdefault(kind, {}).setdefault(name, TurnErrors())
            errors.add(reference, found, float(truth["duration"]))

    def report(self) -> dict[str, Any]:
        """Scores by kind and way: `links` (see `LinkScores.report`), `turns` (see `TurnErrors.report`), and over all kinds `reliability` and `sure`, by way."""
        judged: dict[str, list[tuple[float, bool]]] = {}
        for by_name in self.scores.values():
            for name, scores in by_name.items():
                judged.setdefault(name, []).extend(scores.found.judged)
        return {
            "links": {
                kind: {name: scores.report() for name, scores in by_name.items()}
                for kind, by_name in self.scores.items()
            },
            "turns": {
                kind: {name: errors.report() for name, errors in by_name.items()}
                for kind, by_name in self.turns.items()
            },
            "reliability": {name: reliability(pairs) for name, pairs in judged.items()},
            "sure": {name: sure_links(pairs) for name, pairs in judged.items()},
        }


def people_interval(heard: Sequence[Heard]) -> list[float] | None:
    """Bound the share of speech time that is right: the bootstrap over people, each with all their seconds.

    Returns
    -------
    interval : list of float
        Low and high, 95 %; None where nobody speaks.
    """
    if not heard:
        return None
    people, labels = np.unique([each.speaker for each in heard], return_inverse=True)
    right = [each.verdict == RIGHT for each in heard]
    interval = mean_interval(right, labels, len(people), generator=np.random.default_rng(0))
    return [round(float(bound), 4) for bound in interval]


def reliability(judged: Sequence[tuple[float, bool]]) -> list[dict[str, float]]:
    """Group moments by the confidence of their link, in five bins: mean confidence, share of right ones, seconds.

    Parameters
    ----------
    judged : sequence of (confidence, right)
        One each 0.02 s.

    Returns
    -------
    bins : list of dict
        Of equal width from 0 to 1; empty ones are left out.
    """
    if not judged:
        return []
    confidence = np.array([value for value, _ in judged])
    right = np.array([found for _, found in judged], float)
    bins = np.clip((confidence * 5).astype(int), 0, 4)
    return [
        {
            "confidence": float(confidence[bins == number].mean()),
            "right": float(right[bins == number].mean()),
            "seconds": float((bins == number).sum() * TRUTH_STEP),
        }
        for number in np.unique(bins)
    ]


def sure_links(judged: Sequence[tuple[float, bool]]) -> dict[str, float | None]:
    """Seconds of links of more than 0.9 confidence, and the share of them that is right."""
    right = [found for confidence, found in judged if confidence > SURE]
    return {
        "seconds": round(TRUTH_STEP * len(right), 1),
        "right": sum(right) / len(right) if right else None,
    }
