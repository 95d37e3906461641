"""Smoothing against known curves."""

import numpy as np
import pytest

from pins_plugin.tracking.tracks import smooth


def test_smooth_leaves_a_parabola_alone() -> None:
    time = np.linspace(-1, 2, 40)
    curves = np.stack([time, 3 * time**2 - time], axis=1)
    inner = smooth(curves)[3:-3]
    np.testing.assert_allclose(inner[:, 0], curves[3:-3, 0], atol=1e-9)
    np.testing.assert_allclose(inner[:, 1], curves[3:-3, 1], atol=0.02)


def test_smooth_removes_an_outlier_and_quiets_noise() -> None:
    curves = np.zeros((41, 1))
    curves[20] = 50
    np.testing.assert_allclose(smooth(curves), 0, atol=1e-9)
    noise = np.random.default_rng(0).normal(size=(2000, 1))
    assert smooth(noise).std() < 0.6 * noise.std()


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_short_curves_keep_their_length(length: int) -> None:
    assert smooth(np.ones((length, 3))).shape == (length, 3)
    np.testing.assert_allclose(smooth(np.ones((length, 3))), 1)
