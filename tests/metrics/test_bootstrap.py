"""The bootstrap over people: against a plain loop, and against the known spread of a mean."""

import numpy as np
import pytest

from pins_plugin.errors import ShapeError
from pins_plugin.metrics.bootstrap import bootstrap_interval, mean_interval, pair_weights


def test_pair_weights_are_those_of_repeated_people() -> None:
    counts = np.array([[2.0, 0.0, 3.0]])
    weights = pair_weights(counts, [0, 0, 2, 1], [0, 2, 2, 2])
    assert weights.tolist() == [[2, 6, 3, 0]]


def test_interval_has_the_width_that_theory_gives() -> None:
    values = np.random.default_rng(0).normal(size=400)
    low, high = mean_interval(
        values, np.arange(400), 400, generator=np.random.default_rng(1), num_replicates=4000
    )
    expected = 1.96 * values.std() / np.sqrt(400)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.06)
    assert low < values.mean() < high


def test_repeating_every_trial_of_a_person_does_not_narrow_the_interval() -> None:
    values, labels = np.random.default_rng(0).normal(size=40), np.arange(40)
    once = mean_interval(values, labels, 40, generator=np.random.default_rng(1))
    often = mean_interval(
        np.repeat(values, 50), np.repeat(labels, 50), 40, generator=np.random.default_rng(1)
    )
    assert often == pytest.approx(once)


def test_mean_interval_is_that_of_a_plain_loop() -> None:
    generator = np.random.default_rng(2)
    values, labels = generator.normal(size=60), generator.integers(0, 10, 60)
    counts = np.random.default_rng(3).multinomial(10, np.full(10, 0.1), size=200)
    means = [np.average(values, weights=row[labels]) for row in counts]
    interval = mean_interval(
        values, labels, 10, generator=np.random.default_rng(3), num_replicates=200, chunk=200
    )
    assert interval == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


def test_nobody_is_refused() -> None:
    with pytest.raises(ShapeError, match="at least one person"):
        bootstrap_interval(lambda counts: counts[:, 0], 0, generator=np.random.default_rng(0))
