"""Offset and strength of lips from made scores."""

import numpy as np
import pytest

from pins_plugin.pipelines.active_speaker.lips_model import STRENGTHS, LipsModel

MODEL = LipsModel(readable=0.9, median=2.0, spread=0.5, trust=0.5)


def _scores(speaking: np.ndarray, strength: float, offset: int = 4, seed: int = 0) -> np.ndarray:
    scores = np.random.default_rng(seed).standard_normal((len(speaking), 9))
    scores[:, offset] += strength * speaking
    return scores


SPEAKING = (np.arange(120) % 40 < 20).astype(float)


@pytest.mark.parametrize("offset", [0, 4, 8])
@pytest.mark.parametrize("strength", [1.5, 3.0])
def test_offset_and_strength_are_found(offset: int, strength: float) -> None:
    found = MODEL.infer(_scores(SPEAKING, strength, offset), SPEAKING)
    assert found.offsets.argmax() == offset and found.offsets[offset] > 0.95
    assert found.readable > 0.99 and found.evidence > 10
    assert found.ratios[SPEAKING > 0].mean() > 0.3 * strength**2
    assert found.ratios[SPEAKING == 0].mean() < -0.3 * strength**2


def test_ratios_are_those_of_the_normal_distributions() -> None:
    """One strength that is certain: score * strength - strength ** 2 / 2."""
    model = LipsModel(1 - 1e-12, float(STRENGTHS[4]), 1e-3, 1.0)
    scores = _scores(SPEAKING, 2.0, offset=3)
    found = model.infer(scores, SPEAKING)
    np.testing.assert_allclose(found.ratios, 2.0 * scores[:, 3] - 2.0, atol=1e-3)


def test_lips_that_never_fit_say_nothing() -> None:
    found = MODEL.infer(_scores(SPEAKING, 0.0), SPEAKING)
    assert found.evidence <= 0
    assert found.readable < 0.2
    assert np.abs(found.ratios).max() < 0.5


def test_nothing_seen_changes_nothing() -> None:
    for scores, speaking in (
        (np.zeros((50, 9)), np.ones(50)),
        (_scores(SPEAKING, 3.0), np.zeros(120)),
        (np.zeros((0, 9)), np.zeros(0)),
    ):
        found = MODEL.infer(scores, speaking)
        assert found.evidence == pytest.approx(0.0, abs=1e-9)
        assert found.divergence == pytest.approx(0.0, abs=1e-9)
        assert found.readable == pytest.approx(0.9)
        np.testing.assert_allclose(found.offsets, 1 / 9)


def test_prior_and_beliefs_are_probabilities() -> None:
    assert np.exp(MODEL.log_prior).sum() == pytest.approx(1.0)
    assert np.exp(MODEL.log_prior[0]) == pytest.approx(0.1)
    found = MODEL.infer(_scores(SPEAKING, 1.0), SPEAKING)
    assert found.offsets.sum() == pytest.approx(1.0)
    assert found.divergence >= 0
    assert found.evidence <= 0.5 * 60 * 6.0**2
