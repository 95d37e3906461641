"""Clustering of voices and smoothing over time, against brute force."""

from itertools import pairwise, product

import numpy as np
import pytest

from pins_plugin.pipelines.diarization.clustering import cluster_voices, smooth_states
from pins_plugin.utils.vectors import unit


def _voices(num_speakers: int, num_each: int, noise: float, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    means = unit(generator.standard_normal((num_speakers, 32)))
    return unit(
        np.repeat(means, num_each, axis=0)
        + noise * generator.standard_normal((num_speakers * num_each, 32))
    )


def _cluster(embeddings: np.ndarray, **options) -> np.ndarray:
    return cluster_voices(embeddings, np.zeros(len(embeddings), int), hop=0.2, **options)


@pytest.mark.parametrize("num_speakers", [1, 2, 5])
def test_cluster_voices_finds_the_speakers(num_speakers: int) -> None:
    states = _cluster(_voices(num_speakers, 20, 0.05))
    np.testing.assert_array_equal(states, np.repeat(states[::20], 20))
    assert len(set(states)) == num_speakers


def test_cluster_voices_takes_what_chance_makes_for_one_speaker() -> None:
    voices = np.concatenate([_voices(1, 20, 0.01), _voices(1, 2, 0.01, seed=9)])
    assert len(set(_cluster(voices))) == 1  # 0.4 s of another voice


def test_cluster_voices_ignores_windows_that_hear_two() -> None:
    first, second = _voices(1, 20, 0.02), _voices(1, 20, 0.02, seed=9)
    both = unit(first[:3] + second[:3])
    states = _cluster(np.concatenate([first, both, second, both, first]))
    assert len(set(states)) == 2 and states[0] == states[-1] != states[30]


@pytest.mark.parametrize(("fewest", "most", "expected"), [(3, 3, 3), (4, 4, 4), (1, 2, 2), (4, None, 4)])  # fmt: skip
def test_cluster_voices_obeys_bounds(fewest: int, most: int | None, expected: int) -> None:
    assert len(set(_cluster(_voices(3, 20, 0.05), fewest=fewest, most=most))) == expected


def test_cluster_voices_of_very_many_windows_is_bounded() -> None:
    states = _cluster(_voices(2, 2500, 0.05))
    np.testing.assert_array_equal(states, np.repeat(states[::2500], 2500))


@pytest.mark.parametrize(("num_windows", "fewest"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_cluster_voices_of_a_window_or_two(num_windows: int, fewest: int) -> None:
    states = _cluster(_voices(1, num_windows, 0.0), fewest=fewest)
    assert len(set(states)) == min(num_windows, fewest)


def _slow_smoothing(scores: np.ndarray, cost: float) -> float:
    totals = []
    for path in product(range(scores.shape[1]), repeat=len(scores)):
        switches = sum(a != b for a, b in pairwise(path))
        totals.append(sum(scores[t, s] for t, s in enumerate(path)) - cost * switches)
    return max(totals)


@pytest.mark.parametrize("seed", range(5))
def test_smooth_states_is_the_best_of_all_paths(seed: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((6, 3))
    path = smooth_states(scores, 0.7)
    total = scores[np.arange(6), path].sum() - 0.7 * (np.diff(path) != 0).sum()
    assert total == pytest.approx(_slow_smoothing(scores, 0.7))


def test_a_change_over_a_pause_costs_less() -> None:
    scores = np.array([[1.0, 0.9], [0.9, 1.0]])
    assert smooth_states(scores, 0.15).tolist() == [0, 0]
    assert smooth_states(scores, np.array([0.15, 0.05])).tolist() == [0, 1]
