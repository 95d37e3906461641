"""Canonical correlation with shrinkage against textbook solutions."""

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA

from pins_plugin.train.features.canonical import Moments, find_directions


def correlated(num_rows=4000, seed=0):
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((num_rows, 2)) * [1.5, 0.8]
    mix_faces, mix_voices = generator.standard_normal((2, 8)), generator.standard_normal((2, 6))
    faces = shared @ mix_faces + generator.standard_normal((num_rows, 8)) + 3.0
    voices = shared @ mix_voices + generator.standard_normal((num_rows, 6)) - 1.0
    return faces, voices


def solve(faces, voices, shrinkage, power, count=2):
    uniform = np.full(len(faces), 1 / len(faces))
    whitenings = tuple(
        Moments.of(part, uniform).whitening(shrinkage, power) for part in (faces, voices)
    )
    return find_directions((faces, voices), uniform, whitenings, count)


def test_without_shrinkage_it_is_canonical_correlation():
    faces, voices = correlated()
    found = solve(faces, voices, shrinkage=0.0, power=1.0)
    reference = CCA(2, scale=False, max_iter=2000).fit(faces, voices)
    first, second = reference.transform(faces, voices)
    for k in range(2):
        ours = (faces - found.means[0]) @ found.directions[0][:, k]
        theirs = (voices - found.means[1]) @ found.directions[1][:, k]
        assert abs(np.corrcoef(ours, first[:, k])[0, 1]) > 0.999
        assert np.corrcoef(ours, theirs)[0, 1] == pytest.approx(
            np.corrcoef(first[:, k], second[:, k])[0, 1], abs=1e-3
        )


def test_without_whitening_it_is_partial_least_squares():
    faces, voices = correlated()
    found = solve(faces, voices, shrinkage=0.0, power=0.0)
    left, values, right = np.linalg.svd(
        (faces - faces.mean(0)).T @ (voices - voices.mean(0)), full_matrices=False
    )
    assert np.abs(left[:, 0] @ found.directions[0][:, 0]) == pytest.approx(1, abs=1e-6)
    assert np.abs(right[0] @ found.directions[1][:, 0]) == pytest.approx(1, abs=1e-6)
    assert found.strengths == pytest.approx(values[:2] / values[0])


def test_whitening_evens_out_the_variances():
    faces, _ = correlated()
    moments = Moments.of(faces, np.full(len(faces), 1 / len(faces)))
    white = (faces - faces.mean(0)) @ moments.whitening(0.0, 1.0)
    variances = np.linalg.eigvalsh(np.cov(white.T))
    assert variances.max() / variances.min() == pytest.approx(1, abs=0.05)


def test_weights_count_rows_as_repetitions():
    faces, _ = correlated(50)
    weights = np.where(np.arange(50) == 3, 2.0, 1.0)
    repeated = np.concatenate([faces, faces[3:4]])
    ours = Moments.of(faces, weights / weights.sum())
    theirs = Moments.of(repeated, np.full(51, 1 / 51))
    assert ours.mean == pytest.approx(theirs.mean)
    assert ours.variances == pytest.approx(theirs.variances)


def test_spread_is_the_standard_deviation_along_directions():
    faces, _ = correlated(500)
    moments = Moments.of(faces, np.full(500, 1 / 500))
    directions = np.random.default_rng(1).standard_normal((8, 3))
    assert moments.spread(directions) == pytest.approx((faces @ directions).std(axis=0))
