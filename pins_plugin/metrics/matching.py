"""One of N: is the right candidate the most alike?"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.errors import ShapeError


def n_way_credit(similarities: ArrayLike) -> NDArray[np.float64]:
    """Credit each trial for each number of candidates.

    Parameters
    ----------
    similarities : (num_trials, num_candidates) array
        Column 0 holds the right candidate, the others hold wrong ones in random order.

    Returns
    -------
    credit : (num_trials, num_candidates - 1) float64 array
        Column n - 2 is for the first n candidates: 1 where the right one scores highest, 1 / t where it
        ties with t - 1 others for the highest (what a coin would earn), else 0.

    Raises
    ------
    ShapeError
        When the shape is another one, or a similarity is NaN.
    """
    similarities = np.asarray(similarities, dtype=np.float64)
    if similarities.ndim != 2 or similarities.shape[1] < 2:
        raise ShapeError(
            f"similarities: expected (num_trials, at least 2 candidates), got {similarities.shape}"
        )
    if np.isnan(similarities).any():
        raise ShapeError("similarities: expected numbers, got NaN; check the embeddings")
    right, wrong = similarities[:, :1], similarities[:, 1:]
    beaten = np.logical_or.accumulate(wrong > right, axis=1)
    ties = np.cumsum(wrong == right, axis=1)
    credit: NDArray[np.float64] = np.where(beaten, 0.0, 1.0 / (1 + ties))
    return credit
