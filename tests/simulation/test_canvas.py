"""Head coordinates to pixels, and drawing that is antialiased, soft and clipped."""

import numpy as np
import pytest

from pins_plugin.simulation.canvas import Canvas, Pose, both, ellipse, mirror
from pins_plugin.simulation.color import mix, ramp, shade

BLACK = (0.0, 0.0, 0.0)
WHITE = (255.0, 255.0, 255.0)


def _canvas(**pose: float) -> Canvas:
    return Canvas(np.zeros((60, 80, 3), np.uint8), Pose(40, 30, 20, **pose))


def _slow_projection(
    point: tuple[float, float], lift: float | None, pose: Pose, jaw: float
) -> tuple[float, float]:
    """The textbook: drop the jaw, turn by yaw and pitch, roll, scale, move."""
    x, y = point
    z = 0.0
    if lift is not None:
        z = 0.9 * max(1 - (x / 1.15) ** 2 - (y / 1.75) ** 2, 0) ** 0.5 + lift
    y += jaw * min(max((y - 0.45) / 0.9, 0), 1)
    x, y = (
        x * np.cos(pose.yaw) + z * np.sin(pose.yaw),
        y * np.cos(pose.pitch) - z * np.sin(pose.pitch),
    )
    x, y = (
        x * np.cos(pose.roll) - y * np.sin(pose.roll),
        x * np.sin(pose.roll) + y * np.cos(pose.roll),
    )
    return pose.x + pose.scale * x, pose.y + pose.scale * y


@pytest.mark.parametrize("lift", [None, 0.0, 0.2])
@pytest.mark.parametrize("jaw", [0.0, 0.3])
def test_projection_equals_the_textbook(lift: float | None, jaw: float) -> None:
    pose = Pose(40, 30, 20, yaw=0.3, pitch=-0.2, roll=0.1)
    points = np.random.default_rng(0).uniform(-1.4, 1.4, size=(12, 2))
    kept = points.copy()
    got = Canvas(np.zeros((60, 80, 3), np.uint8), pose, jaw).project(points, lift)
    expected = [_slow_projection((x, y), lift, pose, jaw) for x, y in points]
    np.testing.assert_allclose(got, expected)
    np.testing.assert_array_equal(points, kept)


def test_turning_the_head_moves_the_nose_more_than_the_ears() -> None:
    nose, ear = np.array([[0.0, 0.4]]), np.array([[1.0, 0.1]])
    moved = [
        _canvas(yaw=0.2).project(point)[0, 0] - _canvas().project(point)[0, 0]
        for point in (nose, ear)
    ]
    assert moved[0] > 2
    assert moved[0] > 2 * abs(moved[1])


def test_filled_area_is_that_of_the_shape() -> None:
    """OpenCV paints half a pixel beyond the outline."""
    canvas = _canvas()
    canvas.fill(ellipse(0, 0, 0.8, 0.5, 48), WHITE, None)
    assert canvas.image[..., 0].sum() / 255 == pytest.approx(np.pi * 16.5 * 10.5, rel=0.06)


def test_soft_shape_keeps_half_its_color_at_half_alpha() -> None:
    canvas = _canvas()
    canvas.soft(ellipse(0, 0, 0.8, 0.8), WHITE, 0.5, 0.0, None)
    assert canvas.image[30, 40].tolist() == pytest.approx([128, 128, 128], abs=1)
    assert canvas.image[2, 2].tolist() == [0, 0, 0]


def test_clip_keeps_soft_shapes_inside() -> None:
    canvas = _canvas()
    with canvas.clip_to(ellipse(0, 0, 0.4, 0.4)):
        canvas.soft(ellipse(0, 0, 1.2, 1.2), WHITE, 1.0, 0.2, None)
    assert canvas.image[30, 40, 0] > 200
    assert canvas.image[30, 52, 0] == 0
    canvas.soft(ellipse(0, 0, 1.2, 1.2), WHITE, 1.0, 0.0, None)  # the clip has ended
    assert canvas.image[30, 52, 0] == 255


def test_pairs_are_drawn_on_both_sides() -> None:
    canvas = _canvas()
    canvas.soft(both(ellipse(0.6, 0, 0.2, 0.2)), WHITE, 1.0, 0.0, None)
    assert canvas.image[30, 52, 0] == canvas.image[30, 28, 0] == 255
    assert mirror(np.array([[0.5, 1.0]])).tolist() == [[-0.5, 1.0]]


def test_shapes_outside_the_picture_are_harmless() -> None:
    canvas = _canvas()
    for far in (ellipse(9, 0, 1, 1), ellipse(0, -9, 1, 1)):
        canvas.fill(far, WHITE, None)
        canvas.soft(far, WHITE, 1.0, 0.1, None)
        canvas.line(far, WHITE, 0.1)
        canvas.clipped(far, 0.0, [(far, WHITE)])
    assert not canvas.image.any()


def test_colors() -> None:
    assert shade((100.0, 200.0, 50.0), 0.5) == (50.0, 100.0, 25.0)
    assert mix(BLACK, WHITE, 0.5) == (127.5, 127.5, 127.5)
    assert ramp([BLACK, WHITE, BLACK], 0.5) == WHITE
    assert ramp([BLACK, WHITE], 1.0) == WHITE
