"""Speech time that was linked to the right face."""

from typing import Any

import pytest

from pins_plugin.errors import LinksError
from pins_plugin.evaluation.linking import CAUSES, speech_time_correct

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


def test_two_named_faces_at_once_are_wrong() -> None:
    links = _links("P0", "P1", None)
    links["links"].append({**links["links"][0], "person": "P1"})
    assert speech_time_correct(links, TRUTH)["speech_time_correct"] == pytest.approx(0.75)


def test_speech_time_correct_needs_speech() -> None:
    with pytest.raises(LinksError, match="no speech"):
        speech_time_correct(_links(), {"turns": [], "panels": []})
