"""Drawn faces: a face detector finds them where they are, and traits can be seen."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from pins_plugin.simulation.canvas import Canvas, Pose
from pins_plugin.simulation.clip import plan_clip, render_faces
from pins_plugin.simulation.eyes import EYE_Y, Expression
from pins_plugin.simulation.face import draw_person, face_box, face_outline
from pins_plugin.simulation.look import Look, look_of
from pins_plugin.simulation.mouth import MOUTH_Y
from pins_plugin.simulation.person import sample_person
from pins_plugin.simulation.phones import PHONES

POSE = Pose(80, 76, 42)
CLOSED = Expression(PHONES["sil"].mouth)


def _drawn(look: Look, expression: Expression = CLOSED, pose: Pose = POSE) -> np.ndarray:
    image = np.full((160, 160, 3), 128, np.uint8)
    draw_person(Canvas(image, pose), look, expression)
    return image


def _look(**changes: object) -> Look:
    return replace(look_of(sample_person(3, 5)), glasses=False, **changes)


@pytest.fixture(scope="module")
def detector() -> MTCNN:
    return MTCNN(keep_all=True, device="cpu")


def test_detector_finds_more_than_95_percent_with_sane_landmarks(detector: MTCNN) -> None:
    """Clips of 40 people in every pose, light and expression that clips have."""
    plans = [plan_clip(21, index, 0) for index in range(40)]
    faces = np.stack([render_faces(plan, np.array([0.4]))[0] for plan in plans])
    with torch.no_grad():
        _, probabilities, landmarks = detector.detect(torch.from_numpy(faces), landmarks=True)
    found = [p is not None and p[0] is not None and max(p) > 0.9 for p in probabilities]
    assert np.mean(found) > 0.95
    points = np.array(
        [marks[int(np.argmax(p))] for p, marks, ok in zip(probabilities, landmarks, found, strict=True) if ok],
        dtype=np.float64,
    )  # (num_found, 5, 2)  # fmt: skip
    left_eye, right_eye, nose, left_mouth, right_mouth = points.mean(axis=0)
    scale = 112 * 0.2825
    center = np.array([56, 112 * 0.47])
    assert (left_eye[0] - center[0]) / scale == pytest.approx(-0.42, abs=0.12)
    assert (right_eye[0] - center[0]) / scale == pytest.approx(0.42, abs=0.12)
    assert (left_eye[1] - center[1]) / scale == pytest.approx(EYE_Y, abs=0.12)
    assert (nose[1] - center[1]) / scale == pytest.approx(0.38, abs=0.15)
    assert (left_mouth[1] - center[1]) / scale == pytest.approx(MOUTH_Y, abs=0.12)
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert points.std(axis=0).max() < 0.1 * 112


@pytest.mark.parametrize(
    ("trait", "low", "high"),
    [
        ("redness", 0.1, 0.9),
        ("wrinkles", 0.1, 0.9),
        ("beard", 0.0, 1.0),
        ("jaw_width", 0.1, 0.9),
        ("cheek", 0.1, 0.9),
        ("neck_width", 0.5, 0.75),
        ("hair_length", 0.2, 0.9),
        ("eye_bags", 0.1, 0.9),
        ("nose_width", 0.17, 0.28),
        ("brow_thickness", 0.04, 0.1),
    ],
)
def test_trait_is_visible(trait: str, low: float, high: float) -> None:
    change = _drawn(_look(**{trait: high})).astype(int) - _drawn(_look(**{trait: low}))
    assert (np.abs(change).max(axis=-1) > 20).sum() > 25, f"{trait} changes next to nothing"


def test_gray_hair_comes_with_age() -> None:
    person = sample_person(3, 5)
    old = look_of(replace(person, face={**person.face, "hair_gray": 2.0}))
    assert max(old.hair) - min(old.hair) < 20
    assert old.hair != look_of(person).hair


def test_open_mouth_lowers_the_chin_and_blinking_hides_the_iris() -> None:
    look = _look(beard=0.0)
    opened = _drawn(look, Expression(PHONES["aa"].mouth))
    chin = slice(76 + int(42 * look.chin_y) - 4, 76 + int(42 * look.chin_y) + 8)
    assert np.abs(opened[chin, 70:90].astype(int) - _drawn(look)[chin, 70:90]).max() > 25
    eye = (slice(66, 80), slice(90, 106))
    shut = _drawn(look, replace(CLOSED, eyelids=0.0))
    assert _drawn(look)[eye].min() < 40 < shut[eye].min() + 20
    assert _drawn(look)[eye].max() > 200


def test_outline_reaches_chin_and_crown() -> None:
    look = _look()
    outline = face_outline(look)
    assert outline[:, 1].max() == pytest.approx(look.chin_y)
    assert outline[:, 1].min() == pytest.approx(-1.42, abs=0.02)
    assert np.abs(outline[:, 0]).max() < 1.2


def test_box_holds_eyes_and_mouth_and_follows_the_head() -> None:
    look = _look()
    x1, y1, x2, y2 = face_box(POSE, look)
    assert x1 < 80 - 42 * 0.42 < 80 + 42 * 0.42 < x2
    assert y1 < 76 + 42 * EYE_Y < 76 + 42 * MOUTH_Y < y2
    moved = face_box(Pose(90, 70, 42), look)
    np.testing.assert_allclose(moved, (x1 + 10, y1 - 6, x2 + 10, y2 - 6))
