"""Intervals that count people, not pairs.

Thousands of pairs are drawn from a few hundred people, and pairs of one person rise and fall together. So
people are drawn with replacement, and every trial counts as often as its people were drawn.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.errors import ShapeError

Floats = NDArray[np.float64]


def bootstrap_interval(
    statistic: Callable[[Floats], Floats],
    num_identities: int,
    *,
    generator: np.random.Generator,
    num_replicates: int = 1000,
    chunk: int = 100,
) -> Floats:
    """Bound a statistic by the percentile bootstrap over identities (Efron 1979).

    Parameters
    ----------
    statistic : callable
        Maps counts (num_chunk, num_identities), how often each person was drawn, to (num_chunk, ...) values.
    chunk : int
        Replicates handled at once; bounds memory.

    Returns
    -------
    interval : (2, ...) float64 array
        Low and high, 95 %.
    """
    if num_identities < 1 or num_replicates < 1:
        raise ShapeError(
            "num_identities, num_replicates: expected at least one person and one replicate, "
            f"got {num_identities} and {num_replicates}"
        )
    uniform = np.full(num_identities, 1 / num_identities)
    values = []
    for start in range(0, num_replicates, chunk):
        size = min(chunk, num_replicates - start)
        counts = generator.multinomial(num_identities, uniform, size=size)
        values.append(statistic(counts.astype(np.float64)))
    return np.asarray(np.nanquantile(np.concatenate(values), [0.025, 0.975], axis=0))


def mean_interval(
    values: ArrayLike, labels: ArrayLike, num_identities: int, **options: Any
) -> Floats:
    """Bound the mean of `values` (num_trials,) whose people are `labels` (num_trials,) class indices."""
    values = np.asarray(values, dtype=np.float64)
    sums = np.bincount(labels, weights=values, minlength=num_identities)
    totals = np.bincount(labels, minlength=num_identities)

    def mean(counts: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            return np.asarray((counts @ sums) / (counts @ totals))

    return bootstrap_interval(mean, num_identities, **options)


def pair_weights(counts: Floats, first: ArrayLike, second: ArrayLike) -> Floats:
    """Weigh pairs by how often their people were drawn.

    Parameters
    ----------
    counts : (num_replicates, num_identities) float64 array
    first, second : (num_trials,) integer arrays
        The people of each pair.

    Returns
    -------
    weights : (num_replicates, num_trials) float64 array
        counts[a] for a pair of one person with themselves, counts[a] * counts[b] for two people.
    """
    first, second = np.asarray(first), np.asarray(second)
    return np.asarray(np.where(first == second, 1.0, counts[:, second]) * counts[:, first])
