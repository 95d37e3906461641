"""Every face against every voice, against drawing by hand."""

from itertools import combinations

import numpy as np
import pytest

from pins_plugin.errors import ShapeError
from pins_plugin.evaluation.every_pair import chance_of_winning, score_every_pair


@pytest.mark.parametrize("ways", [2, 3, 5])
def test_chance_of_winning_is_the_mean_over_all_sets(ways: int) -> None:
    scores = np.random.default_rng(0).integers(0, 4, (6, 6)).astype(float)  # many ties
    expected = []
    for row in range(6):
        others = [column for column in range(6) if column != row]
        credits = []
        for chosen in combinations(others, ways - 1):
            rivals = scores[row, list(chosen)]
            ties = (rivals == scores[row, row]).sum()
            credits.append(0.0 if (rivals > scores[row, row]).any() else 1 / (1 + ties))
        expected.append(np.mean(credits))
    np.testing.assert_allclose(chance_of_winning(scores, ways), expected)


def test_a_judge_of_groups_wins_all_between_and_none_within() -> None:
    groups = np.array(["f", "m"] * 6)
    scores = (groups[:, None] == groups[None]).astype(float)
    report = score_every_pair(scores, groups)
    assert report["within"]["roc_auc"] == 0.5
    # 72 of 132 negatives are of the other group
    assert report["all"]["roc_auc"] == pytest.approx((72 + 60 / 2) / 132)
    low, high = report["1 of 2"]["ci95"]
    assert low <= report["1 of 2"]["accuracy"] <= high and report["1 of 10"]["chance"] == 0.1


def test_one_groups_pairs_above_the_others_raise_the_pooled_area_and_not_the_mean_of_groups() -> (
    None
):
    """Two women, six men; women's pairs score above men's, and nothing else is known."""
    groups = np.array(["f"] * 2 + ["m"] * 6)
    scores = 1.0 * ((groups[:, None] == "f") & (groups[None] == "f"))
    report = score_every_pair(scores, groups)
    # 2 of 8 own pairs lie above the 30 negatives of men among 32, and beside 2 women's
    assert report["within"]["roc_auc"] == pytest.approx((2 * (30 + 1) + 6 * 30 / 2) / (8 * 32))
    assert report["each group"] == {"roc_auc": 0.5, "ci95": [0.5, 0.5]}


def test_the_mean_of_groups_weighs_them_alike() -> None:
    """Two people right, six at chance."""
    groups = np.array(["f"] * 2 + ["m"] * 6)
    scores = np.zeros((8, 8))
    scores[[0, 1], [0, 1]] = 1.0
    report = score_every_pair(scores, groups)
    assert report["each group"]["roc_auc"] == pytest.approx((1.0 + 0.5) / 2)


def test_nobody_is_compared_within_groups_of_one() -> None:
    report = score_every_pair(np.eye(3), ["a", "b", "b"])
    assert report["each group"]["roc_auc"] == 1.0


def test_perfect_and_reversed_scores() -> None:
    assert score_every_pair(np.eye(5))["all"]["roc_auc"] == 1.0
    assert score_every_pair(-np.eye(5))["1 of 4"]["accuracy"] == 0.0


@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (5,)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="num_people"):
        score_every_pair(np.zeros(shape))
