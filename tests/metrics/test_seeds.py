"""Intervals over seeds against scipy's own."""

import numpy as np
import pytest
from scipy import stats

from pins_plugin.errors import ShapeError
from pins_plugin.metrics.seeds import mean_over_seeds


def test_interval_agrees_with_another_library() -> None:
    values = [0.8, 0.82, 0.79, 0.86]
    mean, half = mean_over_seeds(values)
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))


def test_one_run_has_no_interval_and_none_no_mean() -> None:
    mean, half = mean_over_seeds([0.5])
    assert mean == 0.5 and np.isnan(half)
    with pytest.raises(ShapeError, match="one per seed"):
        mean_over_seeds([])
