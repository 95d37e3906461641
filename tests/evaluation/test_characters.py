"""Names of characters against the truth, on numbers that can be checked by hand."""

from typing import Any

import pytest

from pins_plugin.evaluation.characters import score_faces, score_voices

LEFT, RIGHT = [0, 0, 10, 10], [50, 0, 60, 10]
TRUTH: dict[str, Any] = {
    "turns": [
        {"start": 0, "end": 2, "speaker": "anna"},
        {"start": 2, "end": 3, "speaker": "ben"},
        {"start": 3, "end": 4, "speaker": "carl"},
    ],
    "faces": [
        {"person": "anna", "boxes": [[0, *LEFT], [4, *LEFT]]},
        {"person": "ben", "boxes": [[0, *RIGHT], [2, *RIGHT]]},
    ],
}


def _links(faces: list[str], turns: list[tuple[str, str | None]]) -> dict[str, Any]:
    boxes = {"T0": [[0, *LEFT], [2, *LEFT]], "T1": [[0, *RIGHT], [2, *RIGHT]]}
    return {
        "version": 1,
        "video": "a.mp4",
        "duration": 4,
        "tracks": [
            {"track": track, "person": person, "boxes": boxes[track]}
            for track, person in zip(boxes, faces, strict=True)
        ],
        "links": [
            {
                "start": number,
                "end": number + 1,
                "speaker": speaker,
                "person": person,
                "box": None,
                "confidence": 1,
            }
            for number, (speaker, person) in enumerate(turns)
        ],
    }


def test_faces_are_scored_by_track_and_by_time() -> None:
    links = _links(["anna", "anna"], [("S0", "anna")])
    report = score_faces(links, TRUTH)
    assert (report["tracks"], report["right_tracks"]) == (2, 0.5)
    # 6 seconds of faces: 4 are tracked, 2 under the right name
    assert report["found"] == report["bound"] == pytest.approx(4 / 6, abs=0.01)
    assert report["right"] == pytest.approx(2 / 6, abs=0.01)
    assert report["chance"] == pytest.approx(4 / 6)


def test_voices_are_scored_by_time_seen_or_not() -> None:
    turns = [("S0", "anna"), ("S0", "ben"), ("ben", None)]
    report = score_voices(_links(["anna", "ben"], turns), TRUTH)
    assert report["seconds"] == pytest.approx(4.0)
    assert report["found"] == pytest.approx(0.75)
    assert report["right"] == pytest.approx(0.5)  # second 0 by the face, second 2 by the voice
    assert report["on_screen"] == pytest.approx(0.5, abs=0.01)
    assert report["off_screen"] == pytest.approx(0.5, abs=0.01)
    assert report["bound"] == pytest.approx(0.75)  # every turn holds one voice
    assert report["chance"] == pytest.approx(0.5)
