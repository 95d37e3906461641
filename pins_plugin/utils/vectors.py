"""Directions: arrays of vectors, scaled to unit length."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def unit(vectors: ArrayLike) -> NDArray[Any]:
    """Scale vectors to unit length; a zero vector stays zero.

    Parameters
    ----------
    vectors : (..., dim) array

    Returns
    -------
    directions : (..., dim) array
        Of the same precision.

    Examples
    --------
    >>> unit([3.0, 4.0]).tolist()
    [0.6, 0.8]
    """
    values = np.asarray(vectors)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-12))
