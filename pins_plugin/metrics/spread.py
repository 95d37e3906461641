"""How many directions a set of embeddings makes use of."""

import numpy as np
from numpy.typing import NDArray


def dimensions_used(embeddings: NDArray[np.floating]) -> float:
    r"""Participation ratio of the variances along the principal axes, (sum_i l_i)^2 / sum_i l_i^2.

    From 1, where all differences lie along one line, to the number of dimensions, where they are alike in all directions.

    Parameters
    ----------
    embeddings : (num_items, embedding_dim) array

    Examples
    --------
    >>> dimensions_used(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
    2.0
    """
    centered = embeddings - embeddings.mean(axis=0)
    products = centered.T.astype(np.float64) @ centered  # (embedding_dim, embedding_dim)
    return float(np.trace(products) ** 2 / max((products**2).sum(), 1e-300))
