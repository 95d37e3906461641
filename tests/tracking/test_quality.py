"""Quality measures on faces whose answer is known."""

import cv2
import numpy as np
import pytest

from pins_plugin.tracking.quality import measure_frontality, measure_sharpness

FRONTAL = np.array([[0, 0], [4, 0], [2, 2], [1, 4], [3, 4]], float)


def test_a_symmetric_face_is_frontal_whatever_its_roll_and_size() -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    faces = np.stack([FRONTAL, 7 * FRONTAL @ turn.T + 30])
    np.testing.assert_allclose(measure_frontality(faces), 1)


@pytest.mark.parametrize(("aside", "frontality"), [(0.5, 0.75), (1, 0.5), (2, 0), (3, 0)])
def test_a_nose_to_the_side_is_a_turned_head(aside: float, frontality: float) -> None:
    for sign in (-1, 1):
        face = FRONTAL.copy()
        face[2, 0] += sign * aside
        np.testing.assert_allclose(measure_frontality(face[None]), frontality)


def test_blur_lowers_sharpness() -> None:
    crop = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    blurred = [cv2.GaussianBlur(crop, (0, 0), sigma) for sigma in (0.5, 1, 2, 4)]
    values = [measure_sharpness(crop), *map(measure_sharpness, blurred)]
    assert values == sorted(values, reverse=True)
    assert measure_sharpness(np.full((64, 64, 3), 90, np.uint8)) == 0
