"""Same person or not: ROC curve, its area, equal error rate, detection cost.

Every function takes optional weights with leading axes, so that a thousand bootstrap replicates are one
call: `weights` (..., num_trials) gives results (...).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.errors import ShapeError

Floats = NDArray[np.float64]


class RocCurve(NamedTuple):
    """Error rates at every threshold, from "reject all" to "accept all".

    Parameters
    ----------
    thresholds : (num_points,) float64 array
        Accept where score >= threshold; decreasing, the first is infinite.
    false_alarm, hit : (..., num_points) float64 array
        Share of the negatives, of the positives, that is accepted.
    """

    thresholds: Floats
    false_alarm: Floats
    hit: Floats


def roc_curve(scores: ArrayLike, labels: ArrayLike, weights: ArrayLike | None = None) -> RocCurve:
    """Trace the receiver operating characteristic; equal scores share one point.

    Parameters
    ----------
    scores : (num_trials,) array
        Larger means more alike.
    labels : (num_trials,) array
        True (or 1) for the same person.
    weights : (..., num_trials) array, optional
        How often each trial counts.

    Returns
    -------
    curve : RocCurve
        NaN rates where no positive, or no negative, has any weight.

    Raises
    ------
    ShapeError
        When lengths or shapes differ, a score is not finite, or one of the two kinds is missing.
    """
    scores, labels = _checked(scores, labels)
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # last trial of each tie
    if weights is None:
        weights = np.ones(len(scores))
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape[-1:] != scores.shape:
        raise ShapeError(f"weights: expected (..., {len(scores)}), got {weights.shape}")
    weights = weights[..., order]
    hit = _cumulative_share(weights * labels, ends)
    false_alarm = _cumulative_share(weights * ~labels, ends)
    return RocCurve(np.append(np.inf, scores[ends]), false_alarm, hit)


def roc_auc(scores: ArrayLike, labels: ArrayLike, weights: ArrayLike | None = None) -> Any:
    """Measure how often a positive scores above a negative (a tie counts half).

    Parameters
    ----------
    scores, labels, weights
        As in `roc_curve`.

    Returns
    -------
    roc_auc : float, or (...) float64 array when `weights` has leading axes

    Examples
    --------
    >>> roc_auc([0.9, 0.4, 0.6, 0.1], [1, 1, 0, 0])
    0.75
    """
    return _plain(area_under(roc_curve(scores, labels, weights)))


def eer(scores: ArrayLike, labels: ArrayLike, weights: ArrayLike | None = None) -> Any:
    """Find the equal error rate: where the (linearly joined) curve has as many misses as false alarms.

    Parameters
    ----------
    scores, labels, weights
        As in `roc_curve`.

    Returns
    -------
    eer : float, or (...) float64 array when `weights` has leading axes

    Examples
    --------
    >>> eer([0.9, 0.4, 0.6, 0.1], [1, 1, 0, 0])
    0.5
    """
    return _plain(equal_error_of(roc_curve(scores, labels, weights)))


def min_dcf(
    scores: ArrayLike,
    labels: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    prior: float = 0.05,
) -> Any:
    """Find the least detection cost over all thresholds, as a share of that of deciding blindly.

    The cost is prior * miss + (1 - prior) * false alarm (NIST SRE; prior 0.05 as in the VoxCeleb challenges).

    Returns
    -------
    min_dcf : float in [0, 1], or (...) float64 array when `weights` has leading axes
    """
    if not 0 < prior < 1:
        raise ShapeError(f"prior: expected a probability between 0 and 1, got {prior}")
    return _plain(least_cost_of(roc_curve(scores, labels, weights), prior))


def area_under(curve: RocCurve) -> Floats:
    """Area under a traced curve, by trapezoids: (...)."""
    return np.asarray(np.trapezoid(curve.hit, curve.false_alarm, axis=-1))


def equal_error_of(curve: RocCurve) -> Floats:
    """False alarm rate where a traced curve, linearly joined, has as many misses: (...); NaN where a kind has no weight."""
    excess = curve.false_alarm + curve.hit - 1  # false alarms minus misses: rises from -1 to 1
    after = np.argmax(excess >= 0, axis=-1)[..., None]
    before = np.maximum(after - 1, 0)
    start, stop = (np.take_along_axis(excess, at, axis=-1) for at in (before, after))
    low, high = (np.take_along_axis(curve.false_alarm, at, axis=-1) for at in (before, after))
    share = np.divide(-start, stop - start, out=np.zeros_like(start), where=stop > start)
    equal = np.where(
        np.isnan(excess).any(axis=-1, keepdims=True), np.nan, low + share * (high - low)
    )
    return np.asarray(equal[..., 0])


def least_cost_of(curve: RocCurve, prior: float = 0.05) -> Floats:
    """Least detection cost along a traced curve, as a share of that of deciding blindly: (...); see `min_dcf`."""
    cost = prior * (1 - curve.hit) + (1 - prior) * curve.false_alarm
    return np.asarray(cost.min(axis=-1) / min(prior, 1 - prior))


def _cumulative_share(weights: Floats, ends: NDArray[np.intp]) -> Floats:
    sums = np.cumsum(weights, axis=-1)[..., ends]
    with np.errstate(invalid="ignore"):
        share = sums / sums[..., -1:]
    return np.concatenate([np.zeros_like(share[..., :1]), share], axis=-1)


def _checked(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    scores = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(labels).astype(bool)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ShapeError(
            f"scores and labels: expected two arrays (num_trials,), got {scores.shape} and {labels.shape}"
        )
    if not np.isfinite(scores).all():
        raise ShapeError(
            "scores: expected finite numbers, got NaN or infinity; check the embeddings"
        )
    if labels.all() or not labels.any():
        raise ShapeError(
            f"labels: expected positives and negatives, got {labels.sum()} of {len(labels)} positive"
        )
    return scores, labels


def _plain(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value
