"""Recall and average precision against slow oracles, scikit-learn and their expectation under a random order."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from pins_plugin.errors import ShapeError
from pins_plugin.metrics.retrieval import (
    average_precision,
    chance_average_precision,
    chance_recall_at_k,
    ranks_of_first,
)


def _search(seed: int, decimals: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    relevant = generator.random((20, 50)) < 0.1
    relevant[:, 0] = True
    return np.round(generator.normal(size=(20, 50)) + relevant, decimals), relevant


@pytest.mark.parametrize("decimals", [8, 0], ids=["distinct", "many ties"])
def test_average_precision_is_that_of_scikit_learn(decimals: int) -> None:
    similarities, relevant = _search(0, decimals)
    expected = [
        average_precision_score(wanted, row)
        for row, wanted in zip(similarities, relevant, strict=True)
    ]
    np.testing.assert_allclose(average_precision(similarities, relevant), expected)


def test_recall_is_that_of_a_slow_oracle() -> None:
    similarities, relevant = _search(1, 8)
    for k in (1, 5, 10):
        hits = [
            wanted[np.argsort(-row)[:k]].any()
            for row, wanted in zip(similarities, relevant, strict=True)
        ]
        np.testing.assert_array_equal(ranks_of_first(similarities, relevant) <= k, hits)


def test_ties_count_against_the_model() -> None:
    assert ranks_of_first(np.ones((1, 4)), [[False, True, False, False]]).tolist() == [4]


def test_a_query_without_any_relevant_item_has_the_last_rank_and_no_precision() -> None:
    similarities, relevant = [[0.3, 0.2], [0.1, 0.2]], [[True, False], [False, False]]
    assert ranks_of_first(similarities, relevant).tolist() == [1, 3]
    assert np.isnan(average_precision(similarities, relevant)[1])


@pytest.mark.parametrize("num_relevant", [1, 2, 4, 5])
def test_chance_is_the_mean_over_all_orders(num_relevant: int) -> None:
    orders = np.array(list(permutations(range(5))), dtype=float)
    relevant = np.zeros_like(orders, dtype=bool)
    relevant[:, :num_relevant] = True
    assert chance_average_precision(num_relevant, 5) == pytest.approx(
        average_precision(orders, relevant).mean()
    )
    ranks = ranks_of_first(orders, relevant)
    for k in (1, 2, 5, 10):
        assert chance_recall_at_k(num_relevant, 5, k) == pytest.approx((ranks <= k).mean())


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ShapeError, match="num_queries, num_items"):
        average_precision(np.ones((2, 3)), np.ones((3, 2), bool))


@pytest.mark.parametrize("metric", [average_precision, ranks_of_first])
def test_nan_is_no_similarity(metric) -> None:
    with pytest.raises(ShapeError, match="NaN"):
        metric([[np.nan, 0.5, 0.9]], [[True, False, False]])
