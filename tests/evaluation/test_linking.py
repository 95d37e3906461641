"""Speech time that was linked to the right face."""

from typing import Any

import numpy as np
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import LinksError
from pins_plugin.evaluation.linking import CAUSES, follow_links, speech_time_correct
from pins_plugin.evaluation.scene_truth import SceneTruth, moments

LEFT, RIGHT = [0, 0, 100, 100], [200, 0, 300, 100]
TRUTH = {
    "turns": [
        {"start": 0, "end": 2, "speaker": "anna"},
        {"start": 2, "end": 6, "speaker": "bert"},
        {"start": 6, "end": 8, "speaker": "voice"},
    ],
    "panels": [
        {"start": 0, "end": 8, "person": "anna", "box": LEFT},
        {"start": 0, "end": 8, "person": "bert", "box": RIGHT},
    ],
}


def _links(*persons: str | None, shift: float = 0.0) -> dict[str, Any]:
    times = [(0, 2), (2, 6), (6, 8)]

    def track(person: str, left: float) -> dict[str, Any]:
        face = [left + 20, 20, left + 80, 80]
        return {"track": person, "person": person, "boxes": [[0, *face], [8, *face]]}

    return {
        "version": 1,
        "video": "a.mp4",
        "duration": 8,
        "links": [
            {
                "start": start + shift,
                "end": end + shift,
                "speaker": "S",
                "person": person,
                "box": None,
                "confidence": 1,
            }
            for (start, end), person in zip(times, persons, strict=False)
        ],
        "tracks": [track("P0", 0), track("P1", 200)],
    }


@pytest.mark.parametrize(
    ("persons", "share", "on_screen", "off_screen"),
    [
        (("P0", "P1", None), 1.0, 1.0, 1.0),
        (("P1", "P0", None), 0.25, 0.0, 1.0),
        (("P0", "P0", None), 0.5, 2 / 6, 1.0),
        (("P0", "P1", "P0"), 0.75, 1.0, 0.0),
        ((None, None, None), 0.25, 0.0, 1.0),
        (("P0", "P1"), 0.75, 1.0, 0.0),
        ((), 0.0, 0.0, 0.0),
    ],
)
def test_speech_time_correct_by_hand(
    persons: tuple, share: float, on_screen: float, off_screen: float
) -> None:
    report = speech_time_correct(_links(*persons), TRUTH)
    assert report["speech_time_correct"] == pytest.approx(share)
    assert report["on_screen"] == {"seconds": 6.0, "correct": pytest.approx(on_screen)}
    assert report["off_screen"] == {"seconds": 2.0, "correct": pytest.approx(off_screen)}


@pytest.mark.parametrize(
    ("persons", "cause", "share"),
    [
        (("P0", "P0", None), "wrong face", 0.5),
        (("P0", None, None), "called off screen", 0.5),
        (("P0", "P1", "P0"), "hidden speaker given a face", 0.25),
        (("P0", "P1"), "no turn", 0.25),
    ],
)
def test_each_error_has_its_cause(persons: tuple, cause: str, share: float) -> None:
    lost = speech_time_correct(_links(*persons), TRUTH)["lost"]
    assert lost == {**dict.fromkeys(CAUSES, 0.0), cause: pytest.approx(share)}


def test_a_face_that_nobody_followed_is_not_called_wrong() -> None:
    links = _links("P0", "P0", None)
    del links["tracks"][1]
    assert speech_time_correct(links, TRUTH)["lost"]["face not found"] == pytest.approx(0.5)


def test_speech_time_correct_falls_with_late_turns() -> None:
    late = speech_time_correct(_links("P0", "P1", None, shift=0.5), TRUTH)
    assert late["speech_time_correct"] == pytest.approx(6.5 / 8, abs=0.01)


def test_speech_time_correct_takes_moving_faces() -> None:
    moving = [{"person": "anna", "boxes": [[0, *LEFT], [4, *RIGHT], [5, *RIGHT]]}]
    truth = {"turns": [{"start": 0, "end": 4, "speaker": "anna"}], "faces": moving}
    links = _links("P0", "P1")
    report = speech_time_correct(links, truth)
    # P0's center (50, 50) lies inside while anna's left edge moved by less than 50 of 200 pixels: 1 s; then
    # P1's turn runs from 2 to 4 s, and its center (250, 50) lies inside from 3 s on
    assert report["speech_time_correct"] == pytest.approx(0.5, abs=0.01)


def test_a_face_named_beside_the_speaker_costs_precision() -> None:
    links = _links("P0", "P1", None)
    links["links"].append({**links["links"][0], "person": "P1"})
    report = speech_time_correct(links, TRUTH)
    assert report["speech_time_correct"] == 1.0
    assert report["precision"] == pytest.approx(6 / 8)


def test_a_label_on_two_faces_at_once_names_nobody() -> None:
    links = _links("P0", "P1", None)
    links["tracks"][1]["person"] = "P0"
    assert speech_time_correct(links, TRUTH)["speech_time_correct"] == pytest.approx(0.25)


OVERLAP = {
    "turns": [
        {"start": 0, "end": 6, "speaker": "anna"},
        {"start": 4, "end": 8, "speaker": "bert"},
        {"start": 5, "end": 6, "speaker": "voice"},
    ],
    "panels": TRUTH["panels"],
}


def _overlapping(*rows: tuple[float, float, str | None]) -> dict[str, Any]:
    links = _links()
    links["links"] = [
        {
            "start": start,
            "end": end,
            "speaker": str(person),
            "person": person,
            "box": None,
            "confidence": 0.95,
        }
        for start, end, person in rows
    ]
    return links


@pytest.mark.parametrize(
    ("rows", "right", "alone", "together", "precision"),
    [
        (((0, 6, "P0"), (4, 8, "P1"), (5, 6, None)), 11, 1.0, 1.0, 1.0),
        (((0, 6, "P0"), (6, 8, "P1")), 8, 1.0, 0.5, 1.0),
        (((0, 8, "P0"),), 6, 4 / 6, 0.5, 6 / 8),
        (((0, 8, "P0"), (0, 8, "P1")), 10, 1.0, 1.0, 10 / 16),
        (((0, 8, None),), 1, 0.0, 0.0, None),
    ],
)
def test_overlap_by_hand(
    rows: tuple, right: float, alone: float, together: float, precision
) -> None:
    report = speech_time_correct(_overlapping(*rows), OVERLAP)
    assert report["speech_time_correct"] == pytest.approx(right / 11)
    assert report["alone"] == {"seconds": 6.0, "correct": pytest.approx(alone)}
    assert report["together"] == {"seconds": 4.0, "correct": pytest.approx(together)}
    assert report["precision"] == (None if precision is None else pytest.approx(precision))


@pytest.mark.parametrize(
    ("rows", "cause", "seconds"),
    [
        (((0, 6, "P0"), (6, 8, "P1")), "beside another speaker", 3),
        (((0, 8, "P1"),), "beside another speaker", 3),
        (((0, 8, "P1"),), "wrong face", 4),
        (((0, 8, None),), "called off screen", 4 + 2 + 2),
        (((0, 8, None),), "beside another speaker", 2),
    ],
)
def test_what_is_lost_in_overlap(rows: tuple, cause: str, seconds: float) -> None:
    lost = speech_time_correct(_overlapping(*rows), OVERLAP)["lost"]
    assert lost[cause] == pytest.approx(seconds / 11)


def _single_speaker_share(links: dict, truth: dict) -> float:
    """How scores were defined before links could overlap: exactly one face is named, at the right place."""
    right = total = 0
    for turn in truth["turns"]:
        for time in moments(turn["start"], turn["end"]):
            total += 1
            seen = {
                panel["person"]: panel["box"]
                for panel in truth["panels"]
                if panel["start"] - 0.02 <= time <= panel["end"] + 0.02
            }
            here = [link for link in links["links"] if link["start"] <= time < link["end"]]
            named = {link["person"] for link in here}
            boxes = [
                track["boxes"][0][1:]
                for track in links["tracks"]
                if track["person"] in named
                and track["boxes"][0][0] - 0.02 <= time <= track["boxes"][-1][0] + 0.02
            ]
            if turn["speaker"] not in seen:
                right += bool(here) and not boxes
            elif len(boxes) == 1:
                x, y = (boxes[0][0] + boxes[0][2]) / 2, (boxes[0][1] + boxes[0][3]) / 2
                x1, y1, x2, y2 = seen[turn["speaker"]]
                right += x1 <= x <= x2 and y1 <= y <= y2
    return right / total


@pytest.mark.parametrize("seed", range(12))
def test_one_speaker_at_a_time_scores_as_ever(seed: int) -> None:
    generator = np.random.default_rng(seed)
    edges = np.sort(generator.uniform(0, 8, 12)).round(2).tolist()
    speakers = ["anna", "bert", "voice"]
    turns = [
        {"start": a, "end": b, "speaker": speakers[generator.integers(3)]}
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
    middle = float(generator.uniform(2, 6))
    panels = [{**TRUTH["panels"][0], "end": middle}, {**TRUTH["panels"][1], "start": 1.0}]
    marks = np.sort(generator.uniform(0, 8, 10)).round(2).tolist()
    people = ["P0", "P1", None, "P9"]
    rows = [
        (a, b, people[generator.integers(4)]) for a, b in zip(marks[::2], marks[1::2], strict=True)
    ]
    links, truth = _overlapping(*rows), {"turns": turns, "panels": panels}
    links["tracks"][0]["boxes"][1][0] = middle + 0.5
    expected = _single_speaker_share(links, truth)
    assert speech_time_correct(links, truth)["speech_time_correct"] == pytest.approx(expected)


def test_links_are_judged_while_anybody_speaks() -> None:
    linked = LinkedVideo.from_links(_overlapping((0, 10, "P0"), (4, 6, "P1")))
    made = follow_links(linked, SceneTruth(OVERLAP))
    assert (made.named, made.rightly_named) == pytest.approx(
        (10.0, 8.0), abs=0.03
    )  # P0 has no box after 8 s
    right = [found for _, found in made.judged]
    assert (len(right), sum(right)) == (500, 400)


def test_speech_time_correct_needs_speech() -> None:
    with pytest.raises(LinksError, match="no speech"):
        speech_time_correct(_links(), {"turns": [], "panels": []})
