"""Overlap and assignment of boxes."""

import itertools

import numpy as np
import pytest

from pins_plugin.tracking.boxes import box_areas, box_overlaps, match_boxes


def _random_boxes(number: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    corner = generator.uniform(0, 50, (number, 2))
    return np.concatenate([corner, corner + generator.uniform(5, 40, (number, 2))], 1)


def _slow_overlap(first: np.ndarray, second: np.ndarray) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    area1 = (first[2] - first[0]) * (first[3] - first[1])
    area2 = (second[2] - second[0]) * (second[3] - second[1])
    return shared / (area1 + area2 - shared)


def test_box_overlaps_agrees_with_one_pair_at_a_time() -> None:
    first, second = _random_boxes(7, 0), _random_boxes(5, 1)
    slow = [[_slow_overlap(a, b) for b in second] for a in first]
    np.testing.assert_allclose(box_overlaps(first, second), slow, rtol=1e-6)


def test_box_areas_of_an_empty_box_is_zero() -> None:
    np.testing.assert_allclose(box_areas(np.array([[0, 0, 2, 3], [4, 4, 1, 1]])), [6, 0])


@pytest.mark.parametrize("seed", range(5))
def test_match_boxes_finds_the_largest_sum_of_overlaps(seed: int) -> None:
    first, second = _random_boxes(4, seed), _random_boxes(4, seed + 100)
    overlaps = box_overlaps(first, second)
    best = max(
        sum(overlaps[row, column] for row, column in enumerate(order))
        for order in itertools.permutations(range(4))
    )
    pairs = match_boxes(first, second, threshold=0.0)
    assert sum(overlaps[pair] for pair in pairs) == pytest.approx(best)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


def test_match_boxes_leaves_out_small_overlaps() -> None:
    first = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], float)
    second = np.array([[1, 0, 11, 10], [29, 0, 39, 10]], float)
    assert match_boxes(first, second, threshold=0.3) == [(0, 0)]


def test_match_boxes_with_nothing_to_match() -> None:
    assert match_boxes(np.zeros((0, 4)), _random_boxes(2, 0), 0.3) == []
    assert match_boxes(_random_boxes(2, 0), np.zeros((0, 4)), 0.3) == []
