"""Pieces, assignment and decisions, against brute force and cases that can be checked by hand."""

from itertools import product

import numpy as np
import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.pipelines.linking.assignment import (
    LinkingSettings,
    assign_speakers,
    decide,
    presence_ratios,
)
from pins_plugin.pipelines.linking.pieces import Piece, cut_pieces
from pins_plugin.types import FaceTrack


def _track(name: str, start: float, end: float) -> FaceTrack:
    times = np.arange(start, end - 0.02, 0.04)
    boxes = np.tile(np.array([0, 0, 10, 10], np.float32), (len(times), 1))
    landmarks = np.zeros((len(times), 5, 2), np.float32)
    return FaceTrack(name, times, boxes, landmarks, np.ones(len(times), bool))


def test_pieces_are_cut_where_faces_change() -> None:
    turns = Annotation()
    turns[Segment(0, 4)] = "a"
    pieces = cut_pieces(turns, [_track("T1", 0, 2), _track("T2", 2, 4), _track("T3", 0, 4)])
    assert [(round(p.start, 2), round(p.end, 2), p.tracks) for p in pieces] == [
        (0, 2, ("T1", "T3")),
        (2, 4, ("T2", "T3")),
    ]


def test_pieces_are_never_shorter_than_what_can_be_judged() -> None:
    turns = Annotation()
    turns[Segment(0, 2)] = "a"
    pieces = cut_pieces(turns, [_track("T1", 0.1, 2)])
    assert [(p.start, p.end, p.tracks) for p in pieces] == [(0, 2, ("T1",))]


@pytest.mark.parametrize("seed", range(5))
def test_assignment_is_the_best_of_all(seed: int) -> None:
    scores = 3 * np.random.default_rng(seed).standard_normal((3, 4))
    found = assign_speakers(scores)
    totals = [
        sum(scores[s, p] for s, p in enumerate(choice) if p >= 0)
        for choice in product(range(-1, 4), repeat=3)
        if len({p for p in choice if p >= 0}) == sum(p >= 0 for p in choice)
    ]
    assert sum(scores[s, p] for s, p in enumerate(found) if p >= 0) == pytest.approx(max(totals))


def _decide(pieces: list[Piece], ratios: list[dict[str, float]]) -> list[str | None]:
    by_source = [{track: {"sync": ratio} for track, ratio in each.items()} for each in ratios]
    people = {track: f"person of {track}" for piece in pieces for track in piece.tracks}
    return [decision.track for decision in decide(pieces, by_source, people)]


def test_the_face_that_fits_speaks() -> None:
    pieces = [Piece(i, i + 1.0, "a", ("T1", "T2")) for i in range(3)]
    assert _decide(pieces, [{"T1": 2.0, "T2": -2.0}] * 3) == ["T1"] * 3


def test_a_face_that_never_fits_is_silent() -> None:
    pieces = [Piece(i, i + 1.0, "a", ("T1",)) for i in range(3)]
    assert _decide(pieces, [{"T1": -3.0}] * 3) == [None] * 3


def test_the_file_speaks_for_a_piece_that_says_nothing() -> None:
    pieces = [Piece(2.0 * i, 2.0 * i + 2, "ab"[i % 2], ("T1", "T2")) for i in range(6)]
    ratios = [{"T1": 2.0, "T2": -2.0} if i % 2 == 0 else {"T1": -2.0, "T2": 2.0} for i in range(5)]
    assert _decide(pieces, [*ratios, {"T1": 0.0, "T2": 0.0}])[5] == "T2"


def test_a_voice_over_is_nobody_although_a_face_is_shown() -> None:
    pieces = [Piece(2.0 * i, 2.0 * i + 2, "ab"[i % 2], ("T1",)) for i in range(6)]
    ratios = [{"T1": 3.0 if i % 2 == 0 else -1.0} for i in range(6)]
    assert _decide(pieces, ratios) == ["T1", None] * 3


def test_a_face_that_is_surely_one_speakers_is_not_lent_to_another() -> None:
    pieces = [Piece(i, i + 1.0, "a" if i < 3 else "b", ("T1",)) for i in range(6)]
    assert _decide(pieces, [{"T1": 2.5}] * 3 + [{"T1": 0.3}] * 3) == ["T1"] * 3 + [None] * 3


def test_no_face_means_off_screen() -> None:
    assert _decide([Piece(0, 1, "a", ())], [{}]) == [None]


def test_no_piece_no_decision() -> None:
    assert decide([], [], {}) == []


def test_confidence_is_a_probability_and_grows_with_evidence() -> None:
    piece = [Piece(0, 2, "a", ("T1", "T2"))]
    sure = [
        decide(
            piece,
            [{"T1": {"sync": x}, "T2": {"sync": 0.0}}],
            {"T1": "p", "T2": "q"},
            LinkingSettings(),
        )[0]
        for x in (1.0, 3.0, 5.0)
    ]
    assert sure[0].confidence < sure[1].confidence < sure[2].confidence <= 1


def test_presence_says_nothing_of_the_only_speaker() -> None:
    pieces = [Piece(0, 4, "S0", ("T1",)), Piece(4, 10, "S0", ())]
    ratios = presence_ratios(pieces, {"T1": "P1"}, ["S0"], ["P1"])
    assert ratios.tolist() == [[0.0]]
