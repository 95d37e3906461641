"""The lean driver of MTCNN, beside facenet-pytorch's own."""

import cv2
import numpy as np
import pytest

from pins_plugin.errors import PinsError, ShapeError
from pins_plugin.tracking.boxes import box_overlaps
from pins_plugin.tracking.detector import FaceDetector, cut_window


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(min_face_size=30)


@pytest.fixture(scope="module")
def picture(faces) -> np.ndarray:
    """Two faces of different size on gray, (240, 320, 3)."""
    image = np.full((240, 320, 3), 118, np.uint8)
    image[20:140, 10:130] = faces(0, 1)[0]
    image[60:220, 150:310] = cv2.resize(faces(1, 1)[0], (160, 160))
    return image


def test_finds_what_facenet_finds(detector: FaceDetector, picture: np.ndarray) -> None:
    from facenet_pytorch import MTCNN

    boxes, probabilities, points = MTCNN(keep_all=True, min_face_size=30).detect(
        picture, landmarks=True
    )
    boxes, points = np.asarray(boxes, float), np.asarray(points, float)
    assert len(boxes) == 2
    assert probabilities.min() > 0.9
    (found,) = detector.detect(picture[None])
    overlaps = box_overlaps(boxes, found.boxes)
    assert overlaps.shape == (2, 2)
    assert overlaps.max(axis=1).min() > 0.6
    assert found.probabilities.min() > 0.9
    sizes = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
    apart = np.linalg.norm(found.landmarks[overlaps.argmax(axis=1)] - points, axis=2)
    assert (apart / sizes[:, None]).max() < 0.12


def test_a_batch_gives_what_single_pictures_give(
    detector: FaceDetector, picture: np.ndarray
) -> None:
    pictures = np.stack([picture, picture[:, ::-1], np.full_like(picture, 118)])
    together = detector.detect(pictures)
    assert [len(found.boxes) for found in together] == [2, 2, 0]
    for image, found in zip(pictures, together, strict=True):
        (alone,) = detector.detect(image[None])
        # Rounding differs with the size of a batch, and suppression among near twins with it.
        overlaps = box_overlaps(found.boxes, alone.boxes)
        assert (overlaps.max(axis=1, initial=0.9) >= 0.9).all()
        np.testing.assert_allclose(
            np.sort(found.probabilities), np.sort(alone.probabilities), atol=0.05
        )


def test_refinement_pulls_a_shifted_window_back(
    detector: FaceDetector, picture: np.ndarray
) -> None:
    (found,) = detector.detect(picture[None])
    sizes = found.boxes[:, 2:] - found.boxes[:, :2]
    shifted = found.boxes + 0.1 * np.concatenate([sizes, sizes], axis=1)
    refined = detector.refine(picture[None], np.zeros(2, int), shifted.astype(np.float32))
    assert box_overlaps(refined.boxes, found.boxes).diagonal().min() > 0.7
    apart = np.abs(refined.landmarks - found.landmarks).max(axis=(1, 2))
    assert (apart / sizes.max(axis=1)).max() < 0.12
    assert refined.probabilities.min() > 0.9


def test_nothing_is_no_face(detector: FaceDetector, picture: np.ndarray) -> None:
    empty = np.array([[0, 150, 60, 210], [400, 400, 450, 450]], np.float32)
    assert detector.refine(picture[None], np.zeros(2, int), empty).probabilities.max() < 0.5
    assert detector.refine(picture[None], np.zeros(0, int), empty[:0]).boxes.shape == (0, 4)


def test_pictures_smaller_than_a_face_hold_none(detector: FaceDetector) -> None:
    (found,) = detector.detect(np.zeros((1, 20, 24, 3), np.uint8))
    assert len(found.boxes) == 0


@pytest.mark.parametrize(
    "images", [np.zeros((50, 60, 3), np.uint8), np.zeros((1, 50, 60, 3), np.float32)]
)
def test_other_pictures_are_refused(detector: FaceDetector, images: np.ndarray) -> None:
    """They held no face, whatever they showed."""
    with pytest.raises(ShapeError, match=r"expected \(num_images, height, width, 3\) uint8"):
        detector.detect(images)


def test_no_pictures_and_no_size() -> None:
    assert FaceDetector().detect(np.zeros((0, 50, 60, 3), np.uint8)) == []
    with pytest.raises(PinsError, match="device 'toaster': not usable here"):
        FaceDetector(device="toaster")
    with pytest.raises(PinsError, match="min_face_size: expected more than 0"):
        FaceDetector(0)


def test_cut_window_is_black_outside_of_the_picture() -> None:
    image = np.full((10, 10, 3), 200, np.uint8)
    window = cut_window(image, np.array([-5, 0, 5, 10], np.float32), 10)
    assert (window[:, :5] == 0).all()
    assert (window[:, 5:] == 200).all()
    assert (cut_window(image, np.array([20, 20, 30, 30], np.float32), 4) == 0).all()
