"""Corrections of links."""

import json
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.corrections import Correction, apply_corrections, read_corrections
from pins_plugin.errors import LinksError
from pins_plugin.types import FaceTrack, SpeakerFaceLink


def _track(person: str, left: float) -> FaceTrack:
    times = np.arange(100) / 25
    boxes = np.tile(np.float32([left, 0, left + 10, 10]), (100, 1))
    return FaceTrack(
        person, times, boxes, np.zeros((100, 5, 2), np.float32), times >= 0, person=person
    )


TRACKS = [_track("ANNA", 0), _track("BERT", 50)]
LINKS = [
    SpeakerFaceLink(0.0, 1.0, "S0", "ANNA", (0, 0, 10, 10), 0.6),
    SpeakerFaceLink(1.0, 2.0, "S1", None, None, 0.4, "uncertain", {"sync": -1.0}),
]


def test_apply_corrections_changes_only_what_is_named() -> None:
    found = apply_corrections(LINKS, TRACKS, [Correction(1.01, 2.0, "S1", "BERT")])
    assert found[0] == LINKS[0]
    assert (found[1].person, found[1].status, found[1].confidence) == ("BERT", "on screen", 1.0)
    assert found[1].box == (50, 0, 60, 10)
    assert found[1].evidence == {"sync": -1.0}


def test_apply_corrections_takes_nobody_and_confirmations() -> None:
    corrections = [Correction(0, 1, "S0", None), Correction(1, 2, "S1", None)]
    found = apply_corrections(LINKS, TRACKS, corrections)
    assert [(link.person, link.box, link.status) for link in found] == [
        (None, None, "off screen")
    ] * 2


@pytest.mark.parametrize(
    ("correction", "message"),
    [
        (Correction(5, 6, "S0", None), "no turn of S0 from 5.00 to 6.00"),
        (Correction(0, 1, "S1", None), "no turn of S1"),
        (Correction(0, 1, "S0", "CARL"), "expected one of ANNA, BERT"),
    ],
)
def test_apply_corrections_says_what_does_not_fit(correction: Correction, message: str) -> None:
    with pytest.raises(LinksError, match=message):
        apply_corrections(LINKS, TRACKS, [correction])


def test_read_corrections_reads_what_the_page_exports(tmp_path: Path) -> None:
    row = {"start": 0, "end": 1, "speaker": "S0", "person": None}
    value = {"version": 1, "video": "a.mp4", "corrections": [row]}
    (tmp_path / "c.json").write_text(json.dumps(value))
    assert read_corrections(tmp_path / "c.json") == [Correction(0, 1, "S0", None)]


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"version": 2}', '{"version": 1, "corrections": [{}]}']
)
def test_read_corrections_refuses_other_files(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(LinksError):
        read_corrections(tmp_path / "c.json")
    with pytest.raises(LinksError, match="no such file"):
        read_corrections(tmp_path / "none.json")
