"""Diarization error rate (DER) by pyannote.metrics, split into missed speech, false alarm and speaker confusion."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from pyannote.core import Annotation, Segment, Timeline

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.evaluation.scene_truth import SceneTruth, moments, owner_of

PARTS = {"missed": "missed detection", "false alarm": "false alarm", "confusion": "confusion"}


class TurnErrors:
    """Adds up errors over scenes, without a collar; overlap counts.

    Parameters
    ----------
    by_label : bool
        Compare labels as they are (identification error rate) instead of the best way to match them (diarization
        error rate).
    """

    def __init__(self, by_label: bool = False) -> None:
        from pyannote.metrics.diarization import DiarizationErrorRate
        from pyannote.metrics.identification import IdentificationErrorRate

        self._metric: Any = IdentificationErrorRate() if by_label else DiarizationErrorRate()

    def add(self, reference: Annotation, found: Annotation, duration: float) -> None:
        """Score the turns of one scene of some seconds."""
        self._metric(reference, found, uem=Timeline([Segment(0.0, duration)]))

    def report(self) -> dict[str, float]:
        """The error rate and its parts, as shares of the true speech."""
        total = float(self._metric["total"])
        parts = {name: float(self._metric[key]) / (total or 1.0) for name, key in PARTS.items()}
        return {"rate": sum(parts.values()), **parts, "seconds": round(total, 1)}


def identification_turns(
    reference: Annotation, links: Mapping[str, Any], truth: SceneTruth
) -> tuple[Annotation, Annotation]:
    """True and found turns of people on screen; a found person is named by whose face it most often is."""
    on_screen = Annotation(uri=reference.uri)
    for turn, name, person in reference.itertracks(yield_label=True):
        for number, (seen, boxes) in enumerate(truth.faces):
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
            seen_then = truth.seen_at(time)
            for person, box in linked.boxes_at(time):
                if person == link["person"]:
                    owners[person][owner_of(box, seen_then) or ""] += 1
    names = {person: counts.most_common(1)[0][0] for person, counts in owners.items()}
    return on_screen, found.rename_labels({label: name for label, name in names.items() if name})
