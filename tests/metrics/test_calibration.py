"""Calibrated log odds of Gaussian scores are their closed form."""

import numpy as np
import pytest

from pins_plugin.errors import ShapeError
from pins_plugin.metrics.calibration import fit_calibration


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
