"""From similarities to probabilities."""

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
