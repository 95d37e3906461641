"""Principal axes of long embeddings against a full decomposition."""

import numpy as np
import pytest

from pins_plugin.train.features.principal_axes import MOST_DIMENSIONS, PrincipalAxes, long_axes


def rows(num_rows=300, dim=40, rank=5, seed=0):
    generator = np.random.default_rng(seed)
    flat = generator.standard_normal((num_rows, rank)) @ generator.standard_normal((rank, dim))
    return (flat + 3.0 + 0.01 * generator.standard_normal(flat.shape)).astype(np.float32)


def test_axes_span_what_a_full_decomposition_finds():
    values = rows()
    found = PrincipalAxes.of(values, num_axes=5)
    _, _, reference = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    overlap = np.linalg.svd(reference[:5] @ found.axes, compute_uv=False)
    assert overlap == pytest.approx(np.ones(5), abs=1e-3)


def test_distances_stay():
    values = rows()
    projected = PrincipalAxes.of(values, num_axes=8).project(values, rows_per_batch=7)
    before = np.linalg.norm(values[0] - values[1:], axis=1)
    assert np.linalg.norm(projected[0] - projected[1:], axis=1) == pytest.approx(before, rel=1e-2)


def test_short_embeddings_are_left_alone():
    assert long_axes(rows()) is None
    assert long_axes(rows(60, MOST_DIMENSIONS + 1)).axes.shape == (MOST_DIMENSIONS + 1, 60)
