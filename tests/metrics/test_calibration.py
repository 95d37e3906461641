"""Calibrated log odds of Gaussian scores are their closed form; stated probabilities are compared with what is observed."""

import numpy as np
import pytest

from pins_plugin.errors import ShapeError
from pins_plugin.metrics.calibration import fit_calibration, reliability


@pytest.mark.parametrize("share", [0.5, 0.02], ids=["balanced", "one in fifty"])
def test_two_gaussians_have_the_closed_form(share: float) -> None:
    """N(0.5, 0.1) against N(0.2, 0.1): log odds = 30 * score - 10.5, whatever the share of positives."""
    generator = np.random.default_rng(0)
    labels = generator.random(200_000) < share
    scores = np.where(labels, 0.5, 0.2) + 0.1 * generator.normal(size=len(labels))
    calibration = fit_calibration(scores, labels)
    assert calibration["scale"] == pytest.approx(30, rel=0.06)
    assert calibration["offset"] == pytest.approx(-10.5, rel=0.06)


def test_scores_that_tell_nothing_give_even_odds() -> None:
    generator = np.random.default_rng(0)
    scores, labels = generator.normal(size=5000), generator.random(5000) < 0.3
    calibration = fit_calibration(scores, labels)
    odds = calibration["scale"] * scores + calibration["offset"]
    assert np.abs(odds).max() < 0.5


@pytest.mark.parametrize(
    ("scores", "labels"), [([1.0], [1]), ([1.0, np.nan], [0, 1]), ([1.0, 2.0], [1])]
)
def test_what_cannot_be_fitted_is_refused(scores, labels) -> None:
    with pytest.raises(ShapeError):
        fit_calibration(scores, labels)


EDGES = (0.0, 0.25, 0.5, 0.75, 1.0)


def test_probabilities_that_hold_are_observed() -> None:
    """One person's pairs have density 2 x, two people's 2 - 2 x: x is the probability."""
    generator = np.random.default_rng(0)
    same = generator.random(100_000) < 0.1
    stated = np.where(
        same, np.sqrt(generator.random(100_000)), 1 - np.sqrt(generator.random(100_000))
    )
    bins = reliability(stated, same, ~same, EDGES)
    assert sum(each.share for each in bins) == pytest.approx(1)
    for each in bins:
        assert each.low <= each.stated < each.high
        assert each.observed == pytest.approx(each.stated, abs=0.02)


def test_bins_by_hand() -> None:
    bins = reliability([0.1, 0.6, 0.6, 1.0], [0, 1, 1, 2], [1, 1, 0, 0], EDGES)
    assert [each.share for each in bins] == pytest.approx([0.25, 0.0, 0.5, 0.25])
    assert np.isnan(bins[1].observed) and bins[0].observed == 0 and bins[3].observed == 1
    assert bins[2].observed == pytest.approx(0.5) and bins[2].stated == pytest.approx(0.6)


@pytest.mark.parametrize(("same", "other"), [([1, 1], [0, 0]), ([1], [1]), ([0, 0], [1, 1])])
def test_reliability_needs_both_kinds(same, other) -> None:
    with pytest.raises(ShapeError):
        reliability([0.5, 0.5], same, other, EDGES)
