"""Scores of linked scenes on cases that can be done by hand."""

import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.errors import LinksError
from pins_plugin.evaluation.link_scores import Tally, people_interval, reliability, sure_links
from pins_plugin.evaluation.linking import RIGHT, Heard

PANELS = [
    {"start": 0, "end": 4, "person": "anna", "box": [0, 0, 10, 10]},
    {"start": 0, "end": 4, "person": "ben", "box": [10, 0, 20, 10]},
]
FACES = [
    {"person": panel["person"], "boxes": [[0, *panel["box"]], [4, *panel["box"]]]}
    for panel in PANELS
]
TURNS = [{"start": 0, "end": 2, "speaker": "anna"}, {"start": 2, "end": 4, "speaker": "ben"}]


def _links(confidence: float = 0.95) -> dict:
    left = {"track": "T1", "person": "P1", "boxes": [[0, 1, 1, 9, 9], [4, 1, 1, 9, 9]]}
    link = {
        "start": 0,
        "end": 4,
        "speaker": "S",
        "person": "P1",
        "box": [1, 1, 9, 9],
        "confidence": confidence,
    }
    return {"version": 1, "video": "v", "duration": 4, "links": [link], "tracks": [left]}


def _turns(*rows: tuple[float, float, str]) -> Annotation:
    turns = Annotation()
    for number, (start, end, label) in enumerate(rows):
        turns[Segment(start, end), number] = label
    return turns


REFERENCE = _turns((0, 2, "anna"), (2, 4, "ben"))


@pytest.mark.parametrize("seen", [{"panels": PANELS}, {"faces": FACES}])
def test_tally_by_hand(seen) -> None:
    truth = {"kind": "turns", "duration": 4.0, "turns": TURNS, **seen}
    tally = Tally()
    tally.add(REFERENCE, {"sound only": _turns((0, 4, "S"))}, {"pins": _links()}, truth)
    report = tally.report()
    scores = report["links"]["turns"]["pins"]
    assert scores["correct"] == scores["mean_over_scenes"] == pytest.approx(0.5)
    assert scores["interval"] == [0.0, 1.0]  # anna is always right, ben never
    assert (scores["num_scenes"], scores["num_people"], scores["seconds"]) == (1, 2, 4.0)
    assert scores["recall"] == {"alone": pytest.approx(0.5), "together": None}
    assert scores["precision"] == pytest.approx(0.5)
    assert scores["lost"]["face not found"] == pytest.approx(0.5)
    assert scores["identification"] == pytest.approx(0.5)
    assert report["turns"]["turns"]["sound only"]["confusion"] == pytest.approx(0.5)
    (row,) = report["reliability"]["pins"]
    assert row == pytest.approx({"confidence": 0.95, "right": 0.5, "seconds": 4.0})
    assert report["sure"]["pins"] == {"seconds": 4.0, "right": pytest.approx(0.5)}


def test_tally_counts_seconds_over_scenes_and_ways() -> None:
    """One scene with 4 s of speech half right, one with 1 s all right."""
    panels = {"duration": 4.0, "panels": PANELS}
    tally = Tally()
    for turns in (TURNS, [{"start": 0, "end": 1, "speaker": "anna"}]):
        truth = {"kind": "turns", "turns": turns, **panels}
        reference = _turns(*((t["start"], t["end"], t["speaker"]) for t in turns))
        ways = {"pins": _links(), "nothing": {**_links(), "links": []}}
        tally.add(reference, {}, ways, truth)
    scores = tally.report()["links"]["turns"]
    assert scores["pins"]["correct"] == pytest.approx(3 / 5)
    assert scores["pins"]["mean_over_scenes"] == pytest.approx(0.75)
    assert scores["nothing"]["correct"] == 0.0
    assert scores["nothing"]["precision"] is None


def test_people_of_other_simulated_worlds_are_others() -> None:
    tally = Tally()
    for seed in (1, 2):
        truth = {"kind": "a", "turns": TURNS, "duration": 4, "panels": PANELS}
        tally.add(REFERENCE, {}, {"pins": _links()}, {**truth, "settings": {"seed": seed}})
    assert tally.report()["links"]["a"]["pins"]["num_people"] == 4


def test_tally_needs_speech() -> None:
    truth = {"kind": "a", "turns": [], "duration": 4, "panels": PANELS}
    with pytest.raises(LinksError, match="no speech"):
        Tally().add(Annotation(), {}, {"pins": _links()}, truth)


def test_interval_is_over_people_with_all_their_seconds() -> None:
    """Twenty people of whom one, with half of all seconds, is wrong: it is drawn 0, 1, 2, 3... times."""
    heard = [Heard("bad", True, False, "no turn")] * 190
    heard += [Heard(f"p{n}", True, False, RIGHT) for n in range(19) for _ in range(10)]
    low, high = people_interval(heard)
    assert high == 1.0  # nobody drew the wrong one
    assert low == pytest.approx(1 - 570 / 740, abs=0.03)  # drawn three times, with 17 others
    assert people_interval([]) is None
    assert people_interval(heard[:5]) == [0.0, 0.0]


def test_reliability_of_nothing() -> None:
    assert reliability([]) == []
    assert sure_links([(0.9, False)]) == {"seconds": 0.0, "right": None}
