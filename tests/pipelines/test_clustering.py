"""Clustering of voices and smoothing over time, against brute force."""

from itertools import pairwise, product

import numpy as np
import pytest

from pins_plugin.pipelines.clustering import cluster_voices, smooth_states
from pins_plugin.utils.vectors import unit


def _voices(num_speakers: int, num_each: int, noise: float, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    means = unit(generator.standard_normal((num_speakers, 32)))
    return unit(
        np.repeat(means, num_each, axis=0)
        + noise * generator.standard_normal((num_speakers * num_each, 32))
    )


@pytest.mark.parametrize("num_speakers", [1, 2, 5])
def test_cluster_voices_finds_the_speakers(num_speakers: int) -> None:
    assert len(cluster_voices(_voices(num_speakers, 20, 0.05), threshold=0.5)) == num_speakers


def test_cluster_voices_leaves_out_small_groups() -> None:
    voices = np.concatenate([_voices(1, 20, 0.01), _voices(1, 2, 0.01, seed=9)])
    assert len(cluster_voices(voices, threshold=0.5, smallest=3)) == 1


def test_cluster_voices_obeys_a_known_number() -> None:
    assert len(cluster_voices(_voices(3, 20, 0.05), threshold=2.0, num_speakers=3)) == 3


def test_cluster_voices_of_very_many_windows_is_bounded() -> None:
    assert len(cluster_voices(_voices(2, 2500, 0.05), threshold=0.5, smallest=5)) == 2


def test_cluster_voices_of_one_window() -> None:
    assert cluster_voices(_voices(1, 1, 0.0), threshold=0.5).shape == (1, 32)


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
