"""Rows are drawn of the wanted label, all of them alike."""

import numpy as np

from pins_plugin.utils.row_draws import RowsByLabel


def test_rows_of_a_label_are_drawn_alike() -> None:
    labels = np.array([2, -1, 0, 2, 0, 2, -1])
    wanted = np.tile([0, 2], (3000, 1))
    drawn = RowsByLabel(labels).draw(wanted, np.random.default_rng(0))
    assert drawn.shape == wanted.shape and (labels[drawn] == wanted).all()
    counts = np.bincount(drawn.ravel(), minlength=7)
    np.testing.assert_allclose(counts / 3000, [1 / 3, 0, 1 / 2, 1 / 3, 1 / 2, 1 / 3, 0], atol=0.04)
