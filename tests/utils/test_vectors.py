"""Unit vectors have length one, and zero stays zero."""

import numpy as np

from pins_plugin.utils.vectors import unit


def test_rows_get_length_one_in_their_own_precision() -> None:
    rows = np.random.default_rng(0).normal(size=(2, 3, 5)).astype(np.float32)
    directions = unit(rows)
    assert directions.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.cross(directions[..., :3], rows[..., :3]), 0, atol=1e-6)


def test_zero_stays_zero() -> None:
    assert unit([[0.0, 0.0], [0.0, 2.0]]).tolist() == [[0, 0], [0, 1]]
