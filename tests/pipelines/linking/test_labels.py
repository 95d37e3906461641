"""What a given label says of who speaks, by counts that can be made by hand."""

import numpy as np
import pytest

from pins_plugin.pipelines.linking.labels import label_ratios


def test_ratios_by_hand() -> None:
    """Three stretches of 2 s: the first two of label 0, all of them person 0's."""
    labels, seconds = np.array([0, 0, 1]), np.full(3, 2.0)
    ratios = label_ratios(labels, seconds, np.ones((3, 1)))
    chance = np.array([5, 5, 3]) / 8  # one second more for each label
    mine, all_mine = np.array([2, 2, 0]), 4.0  # of the other stretches
    expected = np.log((mine + 2 * chance) / (all_mine + 2) / chance)
    np.testing.assert_allclose(ratios[:, 0], expected)


def test_a_label_speaks_for_whoever_has_it_elsewhere() -> None:
    labels = np.array([0, 1] * 5)
    shares = np.eye(3)[[0, 1] * 5]
    shares[-1] = 0.0  # of the last one nothing is known
    ratios = label_ratios(labels, np.full(10, 1.5), shares)
    assert ratios[-1, 1] > 0.5 and ratios[-1, 0] < -0.5
    assert ratios[-1, 2] == pytest.approx(0.0)  # somebody who never speaks


def test_a_stretch_does_not_vouch_for_itself() -> None:
    ratios = label_ratios(np.array([0, 1]), np.array([9.0, 9.0]), np.eye(2))
    np.testing.assert_allclose(ratios.diagonal(), 0.0, atol=1e-12)


def test_no_stretch_no_ratio() -> None:
    assert label_ratios(np.zeros(0, int), np.zeros(0), np.zeros((0, 2))).shape == (0, 2)
