"""N-way accuracy against counting by hand."""

import numpy as np
import pytest

from pins_plugin.errors import ShapeError
from pins_plugin.metrics.matching import n_way_credit


def _slow_credit(row: np.ndarray, n: int) -> float:
    best = max(row[:n])
    winners = [index for index in range(n) if row[index] == best]
    return 1 / len(winners) if 0 in winners else 0.0


def test_credit_is_that_of_a_slow_oracle() -> None:
    similarities = np.random.default_rng(0).integers(0, 4, (300, 6)).astype(float)
    credit = n_way_credit(similarities)
    for n in range(2, 7):
        expected = [_slow_credit(row, n) for row in similarities]
        np.testing.assert_allclose(credit[:, n - 2], expected)


def test_a_model_that_says_the_same_of_all_is_at_chance() -> None:
    np.testing.assert_allclose(
        n_way_credit(np.ones((7, 5))).mean(axis=0), [1 / 2, 1 / 3, 1 / 4, 1 / 5]
    )


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_fewer_than_two_candidates_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="at least 2"):
        n_way_credit(np.ones(shape))


def test_nan_wins_nothing() -> None:
    with pytest.raises(ShapeError, match="NaN"):
        n_way_credit([[np.nan, 0.5]])
