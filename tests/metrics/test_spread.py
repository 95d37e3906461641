"""Dimensions used: closed forms."""

import numpy as np
import pytest

from pins_plugin.metrics.spread import dimensions_used


@pytest.mark.parametrize("dimensions", [1, 3, 8])
def test_equal_variances_count_as_many_dimensions_wherever_they_lie(dimensions: int) -> None:
    corners = np.concatenate([np.eye(dimensions), -np.eye(dimensions)])
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 12)))[0]
    embeddings = 5.0 + np.pad(corners, ((0, 0), (0, 12 - dimensions))) @ turn
    assert dimensions_used(embeddings) == pytest.approx(dimensions)


def test_a_weak_direction_counts_little() -> None:
    points = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert dimensions_used(points) == pytest.approx((8 + 2) ** 2 / (8**2 + 2**2))
    assert dimensions_used(np.ones((4, 3))) == 0  # no difference at all
