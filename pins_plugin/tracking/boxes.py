"""Geometry of boxes (x1, y1, x2, y2), and which box goes with which."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Array = NDArray[np.float32]


def box_overlaps(first: Array, second: Array) -> Array:
    """Intersection over union of each pair.

    Parameters
    ----------
    first : (num_first, 4) float array
    second : (num_second, 4) float array

    Returns
    -------
    overlaps : (num_first, num_second) float array
        In 0..1.

    Examples
    --------
    >>> box_overlaps(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]]))  # 2 of 6 shared
    array([[0.33333333]])
    """
    corner1 = np.maximum(first[:, None, :2], second[None, :, :2])
    corner2 = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = (corner2 - corner1).clip(0).prod(axis=2)  # (num_first, num_second)
    union = box_areas(first)[:, None] + box_areas(second)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9))


def box_areas(boxes: Array) -> Array:
    """Area of each box: (num_boxes, 4) to (num_boxes,)."""
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1))


def match_boxes(first: Array, second: Array, threshold: float) -> list[tuple[int, int]]:
    """Pair boxes one to one so that the sum of overlaps is largest; pairs below `threshold` do not count.

    Source: the assignment step of SORT (Bewley et al., 2016).
    """
    if len(first) == 0 or len(second) == 0:
        return []
    overlaps = box_overlaps(first, second)
    overlaps[overlaps < threshold] = 0
    rows, columns = linear_sum_assignment(overlaps, maximize=True)
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if overlaps[row, column] > 0
    ]
