"""Average precision, as PASCAL VOC 2012 and AVA-ActiveSpeaker compute it."""

import numpy as np
from numpy.typing import ArrayLike

from pins_plugin.errors import ShapeError


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Area under the precision-recall curve whose precision is made to fall only.

    Rows are ranked by score; of equal scores the earlier row comes first, as in AVA's own scorer when its sort is stable.

    Parameters
    ----------
    scores : (num_rows,) array
        Larger is more positive.
    labels : (num_rows,) bool array

    Returns
    -------
    average_precision : float
        NaN where there is no positive row.

    Examples
    --------
    >>> round(average_precision([0.9, 0.8, 0.7, 0.6], [True, False, True, False]), 4)
    0.8333
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels, bool)
    if scores.ndim != 1 or scores.shape != labels.shape or np.isnan(scores).any():
        raise ShapeError(
            f"scores and labels: expected two arrays (num_rows,) without NaN, got {scores.shape} and {labels.shape}"
        )
    if not labels.any():
        return float("nan")
    ranked = labels[np.argsort(-scores, kind="stable")]
    found = np.cumsum(ranked)
    precision = np.concatenate([[0.0], found / np.arange(1, len(ranked) + 1), [0.0]])
    recall = np.concatenate([[0.0], found / found[-1], [1.0]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.flatnonzero(np.diff(recall)) + 1
    return float(((recall[steps] - recall[steps - 1]) * precision[steps]).sum())
