"""Scores of linked scenes on a case that can be done by hand."""

import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.evaluation.link_scores import Tally, reliability

PANELS = [
    {"start": 0, "end": 4, "person": "anna", "box": [0, 0, 10, 10]},
    {"start": 0, "end": 4, "person": "ben", "box": [10, 0, 20, 10]},
]
FACES = [
    {"person": panel["person"], "boxes": [[0, *panel["box"]], [4, *panel["box"]]]}
    for panel in PANELS
]


@pytest.mark.parametrize("seen", [{"panels": PANELS}, {"faces": FACES}])
def test_tally_by_hand(seen) -> None:
    truth = {
        "kind": "turns",
        "duration": 4.0,
        "turns": [
            {"start": 0, "end": 2, "speaker": "anna"},
            {"start": 2, "end": 4, "speaker": "ben"},
        ],
        **seen,
    }
    left = {"track": "T1", "person": "P1", "boxes": [[0, 1, 1, 9, 9], [4, 1, 1, 9, 9]]}
    link = {
        "start": 0,
        "end": 4,
        "speaker": "S",
        "person": "P1",
        "box": [1, 1, 9, 9],
        "confidence": 0.9,
    }
    links = {"version": 1, "video": "v", "duration": 4, "links": [link], "tracks": [left]}
    reference = Annotation()
    reference[Segment(0, 2)], reference[Segment(2, 4)] = "anna", "ben"
    found = Annotation()
    found[Segment(0, 4)] = "S"
    tally = Tally()
    tally.add(reference, found, found, {"pins": links}, truth)
    report = tally.report()
    assert report["speech_time_correct"]["turns"]["pins"] == pytest.approx(0.5)
    assert report["intervals"]["turns"]["pins"] == [0.5, 0.5]
    assert report["errors"]["turns"] == pytest.approx(
        {"before": 0.5, "after": 0.5, "identification": 0.5}
    )
    assert report["lost"]["turns"]["face not found"] == pytest.approx(0.5)
    (row,) = report["reliability"]
    assert row == pytest.approx({"confidence": 0.9, "right": 0.5, "seconds": 4.0})


def test_reliability_of_nothing() -> None:
    assert reliability([]) == []
