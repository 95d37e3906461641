"""Lips are judged by how well the same person's lips fit elsewhere."""

import pytest

from pins_plugin.pipelines.linking.evidence import MOST, expect_usual_fit, limit_ratios
from pins_plugin.pipelines.linking.pieces import Piece

BIAS = -1.0
PEOPLE = {"T1": "ann", "T2": "ann", "T3": "bob"}


def lower(*ratios: tuple[float, str, float]) -> list[float]:
    """Ratios of the lips in pieces of so many seconds, one track each."""
    pieces = [Piece(0.0, seconds, "S", (track,)) for seconds, track, _ in ratios]
    found = [{track: {"sync": ratio, "motion": 0.5}} for _, track, ratio in ratios]
    lowered = expect_usual_fit(pieces, found, PEOPLE, "sync", BIAS)
    assert all(by_source["motion"] == 0.5 for each in lowered for by_source in each.values())
    return [by_source["sync"] for each in lowered for by_source in each.values()]


def test_the_border_lies_half_way_to_what_is_usual() -> None:
    sure = [(1.0, "T1", 3.0)] * 1000  # a fit of 4 above the bias each second
    *_, half, double = lower(*sure, (1.0, "T2", 1.0), (4.0, "T2", 3.0))
    assert half == pytest.approx(0.0, abs=0.01)  # a fit of 2, half of the usual 4
    assert double == pytest.approx(0.0, abs=0.01)  # after four seconds of the usual 8


def test_a_piece_is_not_its_own_yardstick() -> None:
    assert lower((1.0, "T1", 6.0), (1.0, "T3", -1.0)) == [6.0, -1.0]


def test_little_that_fits_says_little() -> None:
    few, many = (lower(*[(0.5, "T1", 3.0)] * number, (1.0, "T1", 0.5))[-1] for number in (1, 20))
    assert many < few < 0.5


def test_nothing_speaks_for_anybody_by_it() -> None:
    ratios = [(1.0, "T1", 2.1), (2.0, "T1", 2.1), (9.0, "T2", -3.0), (3.0, "T2", 0.0)]
    for (_, _, before), after in zip(ratios, lower(*ratios), strict=True):
        assert after <= before
    assert lower(*ratios)[-1] == 0.0  # nothing was seen


def test_a_long_piece_costs_no_more_than_four_seconds() -> None:
    sure = [(1.0, "T1", 5.0)] * 9
    short, longest, long = (lower(*sure, (each, "T1", 1.5))[-1] for each in (2.0, 4.0, 60.0))
    assert long == longest < short


def test_no_piece_counts_without_limit() -> None:
    assert limit_ratios([{"T1": {"sync": 90.0, "motion": -90.0}}]) == [
        {"T1": {"sync": MOST, "motion": -MOST}}
    ]
    assert expect_usual_fit([], [], {}, "sync", BIAS) == []
