"""The plain values behind a page."""

import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.pipelines.pyannote_host.pipeline_folder import EVIDENCE as LINKING_EVIDENCE
from pins_plugin.report.page.parts import EVIDENCE, gallery, rows, summary, ticks, tracks, turns

BOXES = [[index / 25, index, 0, index + 10, 10] for index in range(51)]


def _links() -> dict:
    def turn(start: float, end: float, speaker: str, person: str | None, confidence: float) -> dict:
        return {
            "start": start,
            "end": end,
            "speaker": speaker,
            "person": person,
            "box": None,
            "confidence": confidence,
            "evidence": {"sync": -1.5, "time_overlap": 6.0},
        }

    return {
        "version": 1,
        "video": "a.mp4",
        "duration": 10.0,
        "links": [
            turn(0, 2, "S0", "ANNA", 0.9),
            turn(2, 6, "S1", None, 0.8),
            {**turn(6, 8, "S0", None, 0.95), "status": "uncertain"},
        ],
        "tracks": [
            {"track": "T0", "person": "ANNA", "start": 0, "end": 2, "boxes": BOXES},
            {"track": "T1", "person": "BERT", "start": 0, "end": 2, "boxes": BOXES},
        ],
    }


@pytest.fixture
def linked() -> LinkedVideo:
    return LinkedVideo.from_links(_links())


def test_summary_counts(linked: LinkedVideo) -> None:
    found = summary(linked, doubtful=0.75)
    assert found["speech"] == 8.0
    assert found["on_screen"] == 0.25
    assert (found["doubtful"], found["turns"], found["people"], found["speakers"]) == (1, 3, 2, 2)


def test_turns_start_with_the_most_doubtful(linked: LinkedVideo) -> None:
    described = turns(linked, doubtful=0.75)
    assert [turn["index"] for turn in described] == [2, 1, 0]
    first, second = described[0]["evidence"]
    assert (first["name"], first["llr"], first["x"], first["width"]) == ("time overlap", 6, 50, 50)
    assert (second["name"], second["llr"], second["x"], second["width"]) == (
        "lips",
        -1.5,
        37.5,
        12.5,
    )


def test_rows_place_blocks_in_percent(linked: LinkedVideo) -> None:
    placed = rows(linked)
    assert [row["name"] for row in placed["voices"]] == ["S0", "S1"]
    assert [(block["x"], block["width"]) for block in placed["voices"][0]["blocks"]] == [
        (0, 20),
        (60, 20),
    ]
    assert [row["name"] for row in placed["speaking"]] == ["ANNA"]
    assert [row["name"] for row in placed["silent"]] == ["BERT"]


def test_gallery_lists_faces_then_voices_that_have_none(linked: LinkedVideo) -> None:
    cards = gallery(linked, {})
    assert [card["name"] for card in cards] == ["ANNA", "BERT", "S1"]
    assert cards[0]["spoken"] == 2.0
    assert cards[0]["heard_as"] == ("S0",)
    assert cards[1]["sample"] is None
    assert cards[2]["sample"] == (2, 6)


def test_tracks_are_thinned_but_whole(linked: LinkedVideo) -> None:
    boxes = tracks(linked)[0]["boxes"]
    assert len(boxes) < len(BOXES) / 2
    assert boxes[0][0] == 0
    assert boxes[-1][:2] == [2.0, 50]


@pytest.mark.parametrize("duration", [0.0, 0.3, 1.0, 10.0, 61.0, 7201.0])
def test_ticks_are_few_and_inside(duration: float) -> None:
    marks = ticks(duration)
    assert 1 <= len(marks) <= 14
    assert all(0 <= mark["x"] <= 97 for mark in marks)


@pytest.mark.parametrize("name", [*LINKING_EVIDENCE, "review"])
def test_every_source_of_evidence_has_a_legend(name: str) -> None:
    title, meaning = EVIDENCE[name]
    assert title and len(meaning) > len(title)
