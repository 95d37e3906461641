"""From similarities to probabilities, and whether they hold."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression

from pins_plugin.errors import ShapeError


def fit_calibration(scores: ArrayLike, labels: ArrayLike) -> dict[str, float]:
    """Fit log odds = scale * score + offset, for pairs of which half are one person's (Platt 1999).

    Parameters
    ----------
    scores : (num_pairs,) array
        On people who were not trained on.
    labels : (num_pairs,) array
        True for one person. The kinds count alike, however many pairs each has.

    Returns
    -------
    calibration : dict
        "scale" and "offset".

    Raises
    ------
    ShapeError
        When shapes differ, a score is not finite, or one kind is missing.
    """
    values, same = np.asarray(scores, dtype=np.float64), np.asarray(labels).astype(bool)
    if values.ndim != 1 or values.shape != same.shape or not np.isfinite(values).all():
        raise ShapeError(
            f"scores and labels: expected two finite arrays (num_pairs,), got {values.shape} and {same.shape}"
        )
    if same.all() or not same.any():
        raise ShapeError(f"labels: expected both kinds of pairs, got {same.sum()} of {len(same)}")
    center, spread = values.mean(), max(values.std(), 1e-12)
    model = LogisticRegression(C=1e6, class_weight="balanced")
    model.fit(((values - center) / spread)[:, None], same)
    scale = float(model.coef_[0, 0] / spread)
    return {"scale": scale, "offset": float(model.intercept_[0] - scale * center)}


class ReliabilityBin(NamedTuple):
    """Pairs whose stated probability lies in one range.

    Parameters
    ----------
    share : float
        Of all weight.
    stated, observed : float
        Mean probability that was stated, and share of one person's pairs; NaN in an empty bin.
    """

    low: float
    high: float
    share: float
    stated: float
    observed: float


def reliability(
    probabilities: ArrayLike, same: ArrayLike, other: ArrayLike, edges: Sequence[float]
) -> list[ReliabilityBin]:
    """How often pairs of each stated probability are one person's, where half of all pairs are.

    Parameters
    ----------
    probabilities : (num_pairs,) array
        Stated, in [0, 1].
    same, other : (num_pairs,) array
        How often each pair stands for one person's, and for two people's; each is brought to a sum of one half.
    edges : sequence of float
        Of the bins, from low to high; the last holds its upper edge.

    Raises
    ------
    ShapeError
        When shapes differ, or one kind has no weight.

    Examples
    --------
    >>> reliability([0.2, 0.2, 0.9], [0, 0, 1], [1, 1, 0], (0.0, 0.5, 1.0))[0].observed
    0.0
    """
    stated = np.asarray(probabilities, dtype=np.float64)
    weights = [np.asarray(each, dtype=np.float64) for each in (same, other)]
    if any(each.shape != stated.shape for each in weights) or stated.ndim != 1:
        raise ShapeError(
            f"probabilities, same, other: expected three arrays (num_pairs,), got {stated.shape}, "
            f"{weights[0].shape}, {weights[1].shape}"
        )
    if not all(each.sum() > 0 for each in weights):
        raise ShapeError("same, other: expected both kinds of pairs, got one without weight")
    one, two = (each / (2 * each.sum()) for each in weights)
    number = np.clip(np.searchsorted(edges, stated, side="right") - 1, 0, len(edges) - 2)
    bins = []
    for index, (low, high) in enumerate(pairwise(edges)):
        inside = number == index
        total = float((one + two)[inside].sum())
        mean = float(((one + two) * stated)[inside].sum()) / total if total else np.nan
        seen = float(one[inside].sum()) / total if total else np.nan
        bins.append(ReliabilityBin(low, high, total, mean, seen))
    return bins
