"""Several runs of one experiment: their mean, and how sure it is."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student_t

from pins_plugin.errors import ShapeError


def mean_over_seeds(values: Sequence[float]) -> tuple[float, float]:
    """Mean of a few runs and the half width of Student's 95 % interval around it.

    Parameters
    ----------
    values : sequence of float
        One per seed; for a difference between two settings, the differences seed by seed.

    Returns
    -------
    mean, half_width : float
        The half width is NaN for a single run.

    Examples
    --------
    >>> mean, half = mean_over_seeds([1.0, 2.0, 3.0])
    >>> mean, round(half, 3)
    (2.0, 2.484)
    """
    runs = np.asarray(values, np.float64)
    if len(runs) == 0:
        raise ShapeError("values: expected one per seed, got none")
    if len(runs) == 1:
        return float(runs[0]), float("nan")
    spread = runs.std(ddof=1) / len(runs) ** 0.5
    return float(runs.mean()), float(student_t.ppf(0.975, len(runs) - 1) * spread)
