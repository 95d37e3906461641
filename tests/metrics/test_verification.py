"""ROC area, equal error rate and detection cost against slow oracles and scikit-learn."""

import numpy as np
import pytest
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_roc_curve

from pins_plugin.errors import ShapeError
from pins_plugin.metrics.verification import eer, min_dcf, roc_auc, roc_curve


def _trials(seed: int, num_trials: int = 200, decimals: int = 8) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.random(num_trials) < 0.4
    return np.round(generator.normal(size=num_trials) + labels, decimals), labels


def _slow_auc(scores, labels, weights) -> float:
    won = total = 0.0
    for i in np.flatnonzero(labels):
        for j in np.flatnonzero(~labels):
            weight = weights[i] * weights[j]
            won += weight * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j]))
            total += weight
    return won / total


def _slow_cost(scores, labels, prior) -> float:
    costs = []
    for threshold in [np.inf, *scores]:
        miss = np.mean(scores[labels] < threshold)
        false_alarm = np.mean(scores[~labels] >= threshold)
        costs.append(prior * miss + (1 - prior) * false_alarm)
    return min(costs) / min(prior, 1 - prior)


@pytest.mark.parametrize("decimals", [8, 0], ids=["distinct", "many ties"])
@pytest.mark.parametrize("seed", range(3))
def test_auc_is_that_of_scikit_learn_and_of_counting(seed: int, decimals: int) -> None:
    scores, labels = _trials(seed, decimals=decimals)
    weights = np.random.default_rng(seed + 1).integers(0, 4, len(scores))
    assert roc_auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))
    assert roc_auc(scores, labels, weights) == pytest.approx(_slow_auc(scores, labels, weights))


def test_leading_axes_of_the_weights_are_replicates() -> None:
    scores, labels = _trials(0)
    weights = np.random.default_rng(1).integers(0, 4, (2, 3, len(scores)))
    for metric in (roc_auc, eer, min_dcf):
        together = metric(scores, labels, weights)
        assert together.shape == (2, 3)
        assert together[1, 2] == pytest.approx(metric(scores, labels, weights[1, 2]))


@pytest.mark.parametrize("decimals", [8, 0])
@pytest.mark.parametrize("seed", range(3))
def test_eer_is_where_misses_equal_false_alarms(seed: int, decimals: int) -> None:
    scores, labels = _trials(seed, decimals=decimals)
    false_alarm, hit, _ = sklearn_roc_curve(labels, scores, drop_intermediate=False)
    expected = brentq(lambda x: 1 - x - interp1d(false_alarm, hit)(x), 0, 1)
    assert eer(scores, labels) == pytest.approx(expected, abs=1e-9)


def test_eer_counts_integer_weights_as_repetitions() -> None:
    scores, labels = _trials(4)
    weights = np.random.default_rng(5).integers(0, 4, len(scores))
    expected = eer(np.repeat(scores, weights), np.repeat(labels, weights))
    assert eer(scores, labels, weights) == pytest.approx(expected)


@pytest.mark.parametrize("prior", [0.01, 0.05, 0.5])
def test_min_dcf_is_the_least_cost_over_every_threshold(prior: float) -> None:
    scores, labels = _trials(6, decimals=1)
    assert min_dcf(scores, labels, prior=prior) == pytest.approx(_slow_cost(scores, labels, prior))


@pytest.mark.parametrize(
    ("scores", "auc", "rate"),
    [([2, 2, 1, 1], 1, 0), ([1, 1, 2, 2], 0, 1), ([3, 3, 3, 3], 0.5, 0.5)],
)
def test_closed_forms(scores: list[float], auc: float, rate: float) -> None:
    labels = [1, 1, 0, 0]
    assert roc_auc(scores, labels) == auc
    assert eer(scores, labels) == rate
    assert roc_curve(scores, labels).hit[0] == 0


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1.0, 2.0], [1], "got"),
        ([1.0, np.nan], [1, 0], "NaN"),
        ([1.0, 2.0], [1, 1], "positives and negatives"),
    ],
)
def test_what_cannot_be_scored_is_refused(scores, labels, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        roc_auc(scores, labels)


def test_prior_outside_0_and_1_is_refused() -> None:
    with pytest.raises(ShapeError, match="prior"):
        min_dcf([1, 2], [0, 1], prior=1.5)


def test_replicates_that_draw_one_kind_alone_have_no_value() -> None:
    """Such as one person, drawn as often as there are people: no pair of two is left."""
    weights = [[1, 1, 0], [0, 0, 1], [1, 1, 1]]
    for metric in (roc_auc, eer, min_dcf):
        found = metric([0.1, 0.5, 0.3], [1, 1, 0], weights)
        assert np.isnan(found).tolist() == [True, True, False]


def test_weights_of_other_trials_are_refused() -> None:
    with pytest.raises(ShapeError, match="weights"):
        eer([1, 2], [0, 1], [1, 2, 3])
