"""Geometry of boxes (x1, y1, x2, y2), and which box goes with which."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Array = NDArray[np.float32]


def box_overlaps(first: Array, second: Array) -> Array:
    """Intersection over union, 0 to 1, of each pair: (num_first, 4) and (num_second, 4) to (num_first, num_second).

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


def usual_overlap(
    first_moments: NDArray[np.generic],
    first: Array,
    second_moments: NDArray[np.generic],
    second: Array,
) -> float | None:
    """Median overlap of two faces' boxes over up to nine of the moments that they share; None where they share none.

    Moments (num_boxes,) are times or numbers of pictures, increasing; boxes are (num_boxes, 4).
    """
    _, rows, columns = np.intersect1d(
        first_moments, second_moments, assume_unique=True, return_indices=True
    )
    if not len(rows):
        return None
    some = np.linspace(0, len(rows) - 1, min(len(rows), 9)).round().astype(int)
    return float(np.median(box_overlaps(first[rows[some]], second[columns[some]]).diagonal()))


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
