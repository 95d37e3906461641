"""A face, drawn: head, neck and shoulders from a look, a pose and an expression."""

import numpy as np

from pins_plugin.simulation.canvas import Canvas, Points, Pose, both, curve, ellipse, mirror
from pins_plugin.simulation.color import mix, shade
from pins_plugin.simulation.eyes import EYE_Y, Expression, draw_eyes, draw_glasses
from pins_plugin.simulation.hair import draw_beard, draw_hair_back, draw_hair_front
from pins_plugin.simulation.look import Look
from pins_plugin.simulation.mouth import JAW_DROP, draw_mouth

NOSE_Y = 0.40


def draw_person(canvas: Canvas, look: Look, expression: Expression) -> None:
    """Draw head, neck and shoulders on the canvas, in place."""
    pose = canvas.pose
    body = Canvas(canvas.image, Pose(pose.x, pose.y, pose.scale, 0.0, 0.0, 0.3 * pose.roll))
    draw_hair_back(canvas, look.hair, look.hair_length, look.hair_volume)
    _draw_body(body, look)
    canvas.jaw = JAW_DROP * expression.mouth.jaw
    outline = face_outline(look)
    _draw_head(canvas, look, outline)
    with canvas.clip_to(outline):
        _shade_head(canvas, look, outline)
        _draw_wrinkles(canvas, look, expression)
        draw_beard(canvas, look.hair, look.beard, outline)
    canvas.jaw = 0.0
    draw_eyes(canvas, look, expression)
    _draw_nose(canvas, look)
    draw_mouth(canvas, look.lips, expression.mouth)
    draw_hair_front(canvas, look.hair, look.hair_length, look.hair_volume, look.hair_side)
    if look.glasses:
        draw_glasses(canvas, look)


def face_outline(look: Look) -> Points:
    """Return the outline (n, 2) of skull and jaw in head units, clockwise from the viewer's left temple."""
    angle = np.linspace(np.pi, 2 * np.pi, 20)
    skull = np.stack([np.cos(angle), 1.42 * np.sin(angle)], axis=1)
    down = np.linspace(0, 1, 16)[1:]
    square = 1.6 + 2.4 * look.jaw_width  # a wide jaw keeps its width until far down
    width = (1 - down**square) ** (0.50 + 0.12 * (1 - look.jaw_width))
    width = width * (1 - 0.16 * (1 - look.jaw_width) * down)
    width += 0.30 * (look.cheek - 0.45) * np.sin(np.pi * np.clip(down * 1.08, 0, 1)) ** 1.2
    right = np.stack([width, look.chin_y * down], axis=1)
    return np.concatenate([skull, right, mirror(right)[::-1]])


def _draw_body(canvas: Canvas, look: Look) -> None:
    neck = look.neck_width
    shoulders = np.array(
        [(-neck, 1.55), (-neck - 0.5, 1.85), (-1.9, 2.2), (-2.3, 4.6), (2.3, 4.6), (1.9, 2.2), (neck + 0.5, 1.85), (neck, 1.55)]
    )  # fmt: skip
    canvas.fill(shoulders, look.clothes, None)
    throat = np.array(
        [(-neck, 0.7), (-neck, 1.6), (-neck - 0.22, 1.82), (0, 2.15), (neck + 0.22, 1.82), (neck, 1.6), (neck, 0.7)]
    )  # fmt: skip
    canvas.fill(throat, shade(look.skin, 0.88), None)
    if look.cheek > 0.4:  # a second chin
        fold = ellipse(0, look.chin_y - 0.02, 0.35 + 0.35 * look.cheek, 0.02 + 0.32 * look.cheek)
        canvas.fill(fold, shade(look.skin, 0.92), None)
    shadow = ellipse(0, look.chin_y + 0.08, neck * 1.1, 0.28)
    canvas.soft(shadow, shade(look.skin, 0.50), 0.6, 0.10, None)


def _draw_head(canvas: Canvas, look: Look, outline: Points) -> None:
    for ear in both(ellipse(1.0, 0.12, 0.13, 0.27)):
        canvas.fill(ear, shade(look.skin, 0.90), None)
    canvas.soft(both(ellipse(1.02, 0.12, 0.06, 0.16)), shade(look.skin, 0.6), 0.5, 0.03, None)
    canvas.fill(outline, look.skin, None)


def _shade_head(canvas: Canvas, look: Look, outline: Points) -> None:
    rim = np.concatenate([outline, outline[:1]])
    canvas.soft_line(rim, shade(look.skin, 0.55), 0.75, 0.14, 0.09, None)
    light = [ellipse(0, -0.75, 0.5, 0.22), ellipse(0, look.chin_y - 0.2, 0.18, 0.09)]
    canvas.soft(light, shade(look.skin, 1.12), 0.45, 0.11)
    blush = mix(look.skin, (214.0, 60.0, 56.0), 0.75)
    cheek = both(ellipse(0.58, 0.36, 0.20, 0.14))
    canvas.soft(cheek, blush, 0.10 + 0.75 * look.redness**1.5, 0.09)
    bone = both(ellipse(0.56, 0.24, 0.17, 0.07))
    canvas.soft(bone, shade(look.skin, 1.2), 0.1 + 0.5 * look.cheek, 0.06)
    hollow = both(ellipse(0.66, 0.62, 0.12, 0.22))
    canvas.soft(hollow, shade(look.skin, 0.55), 0.75 * (1 - look.cheek) ** 1.5, 0.09)


def _draw_wrinkles(canvas: Canvas, look: Look, expression: Expression) -> None:
    dark = shade(look.skin, 0.52)
    depth = look.wrinkles**1.4
    spread = max(expression.mouth.width, 0.0)
    x, t = np.linspace(-1, 1, 11), np.linspace(0, 1, 8)
    lines = [
        curve((0.50 - 0.06 * row) * x, y + 0.05 * x**2 - 0.03 * np.cos(5 * x))
        for row, y in enumerate((-0.66, -0.80, -0.94))
    ]
    for slope in (-0.10, 0.02, 0.13):  # beside the eyes
        lines += both(curve(0.68 + 0.17 * t, EYE_Y + 0.02 + slope * (0.4 + t)))
    canvas.soft_line(lines, dark, 0.85 * depth, 0.022, 0.009)
    folds = both(curve(0.22 + 0.27 * t + 0.05 * spread, 0.42 + 0.40 * t**1.2))
    canvas.soft_line(folds, dark, 0.12 + 0.10 * spread + 0.75 * depth, 0.03, 0.015)
    bags = both(
        curve(look.eye_distance + 0.20 * (2 * t - 1), EYE_Y + 0.17 + 0.06 * np.sin(np.pi * t))
    )
    tint = mix(dark, (110.0, 70.0, 110.0), 0.35)
    canvas.soft_line(bags, tint, 0.08 + 0.75 * look.eye_bags**1.5, 0.06, 0.03)


def _draw_nose(canvas: Canvas, look: Look) -> None:
    width, tip = look.nose_width, NOSE_Y + look.nose_length
    dark = shade(look.skin, 0.55)
    ridge = np.array([(-0.05, -0.2), (0.05, -0.2), (0.08, tip - 0.1), (-0.08, tip - 0.1)])
    canvas.soft(ridge, shade(look.skin, 1.15), 0.5, 0.04, 0.12)
    flank = np.array([(0.09, -0.22), (0.12, 0.0), (width, tip - 0.04)])
    philtrum = np.array([(0.0, tip + 0.12), (0.0, 0.68)])
    canvas.soft_line([*both(flank), philtrum], dark, 0.30, 0.05, 0.032, 0.07)
    wings = both(ellipse(width, tip - 0.01, 0.07, 0.065, 12))
    canvas.soft(wings, shade(look.skin, 0.86), 0.7, 0.03, 0.15)
    ball = ellipse(0, tip - 0.04, width * 0.75, 0.095)
    canvas.soft(ball, mix(look.skin, (222.0, 70.0, 62.0), 0.5 * look.redness), 0.6, 0.04, 0.25)
    canvas.soft(ellipse(-0.02, tip - 0.08, 0.05, 0.035, 12), shade(look.skin, 1.25), 0.6, 0.03, 0.3)
    canvas.soft(ellipse(0, tip + 0.10, width * 0.9, 0.04, 12), dark, 0.45, 0.04, 0.05)
    nostrils = both(ellipse(width * 0.58, tip + 0.045, width * 0.28, 0.026, 12))
    canvas.soft(nostrils, shade(look.skin, 0.25), 0.85, 0.012, 0.2)


def face_box(pose: Pose, look: Look) -> tuple[float, float, float, float]:
    """Return the box (x1, y1, x2, y2, pixels) that a face detector is expected to draw: forehead to chin."""
    points = np.array([(-0.78, -0.98), (0.78, -0.98), (-0.78, 0.0), (0.78, 0.0)])
    points[2:, 1] = look.chin_y - 0.12
    pixels = Canvas(np.empty((1, 1, 3), np.uint8), pose).project(points)
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
