"""Degraded faces: same size, fewer details, the same whenever they are drawn."""

import cv2
import numpy as np
import pytest

from pins_plugin.tracking.degrade import Degradation, degrade_face, sample_degradation


@pytest.fixture
def face() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (96, 96, 3)).astype(np.uint8)


def detail(face: np.ndarray) -> float:
    return float(cv2.Laplacian(face.astype(np.float64), cv2.CV_64F).std())


@pytest.mark.parametrize("how", [Degradation(24.0), Degradation(blur=3.0)])
def test_details_go(face: np.ndarray, how: Degradation) -> None:
    worse = degrade_face(face, how)
    assert worse.shape == face.shape and worse.dtype == np.uint8
    assert detail(worse) < 0.3 * detail(face)
    assert abs(float(worse.mean()) - float(face.mean())) < 5


def test_no_degradation_changes_nothing(face: np.ndarray) -> None:
    np.testing.assert_array_equal(degrade_face(face, Degradation()), face)


def test_samples_are_small_or_blurred() -> None:
    drawn = [sample_degradation(np.random.default_rng(seed)) for seed in range(40)]
    small = [how for how in drawn if how.face_width]
    assert 20 < len(small) < 38
    assert all(22 <= how.face_width <= 64 and how.blur == 0 for how in small)
    assert all(2 <= how.blur <= 6 for how in drawn if not how.face_width)
    assert drawn[3] == sample_degradation(np.random.default_rng(3))
