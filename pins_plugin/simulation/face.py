"""A face: what the traits look like, and how to draw it."""

from dataclasses import dataclass

import numpy as np

from pins_plugin.simulation.canvas import Canvas, Points, Pose, ellipse, mirror
from pins_plugin.simulation.color import Color, mix, ramp, shade
from pins_plugin.simulation.hair import draw_beard, draw_hair_back, draw_hair_front
from pins_plugin.simulation.mouth import JAW_DROP, LipShape, draw_mouth
from pins_plugin.simulation.person import Person
from pins_plugin.simulation.phones import Mouth

SKIN: tuple[Color, ...] = (
    (250, 218, 192),
    (238, 190, 152),
    (212, 158, 116),
    (166, 114, 80),
    (116, 78, 56),
)
HAIR: tuple[Color, ...] = ((222, 188, 126), (160, 112, 68), (88, 58, 38), (34, 28, 26))
EYES: tuple[Color, ...] = ((92, 136, 178), (96, 128, 90), (128, 92, 56), (66, 44, 30))
CLOTHES: tuple[Color, ...] = (
    (64, 84, 130),
    (128, 62, 62),
    (70, 104, 82),
    (92, 92, 100),
    (150, 128, 92),
    (58, 52, 74),
)
EYE_Y, BROW_Y, NOSE_Y = -0.06, -0.40, 0.40


@dataclass(frozen=True)
class Look:
    """The visible side of a person: lengths in half head widths, colors RGB 0..255, shares 0..1."""

    skin: Color
    redness: float
    wrinkles: float
    eye_bags: float
    jaw_width: float
    chin_y: float
    cheek: float
    neck_width: float
    hair: Color
    hair_length: float
    hair_volume: float
    hair_side: float
    beard: float
    brow_thickness: float
    brow_arch: float
    brow: Color
    eye_size: float
    eye_distance: float
    iris: Color
    nose_width: float
    nose_length: float
    lips: LipShape
    glasses: bool
    clothes: Color


@dataclass(frozen=True)
class Expression:
    """What changes from frame to frame: the mouth, eyelids (0 shut .. 1 open), gaze (-1..1) and brows (-1..1)."""

    mouth: Mouth
    eyelids: float = 1.0
    gaze: float = 0.0
    brows: float = 0.0


def look_of(person: Person) -> Look:
    """Translate face traits (mean 0, variance 1) to lengths and colors."""
    face = person.face
    squash = {name: float(1 / (1 + np.exp(-1.7 * value))) for name, value in face.items()}
    skin = ramp(SKIN, squash["skin_tone"])
    skin = mix(skin, (226, 92, 80), 0.22 * squash["skin_redness"])
    gray = float(np.clip(1.5 * squash["hair_gray"] - 0.45, 0, 1))
    pigment = ramp(HAIR, squash["hair_shade"])
    hair = mix(pigment, (206, 206, 208), gray)
    lip_color = mix(mix(skin, (186, 84, 84), 0.45), (196, 44, 66), 0.62 * squash["lip_redness"])
    fullness = 0.7 + 0.75 * squash["lip_fullness"]
    lips = LipShape(
        half_width=0.35 * float(np.exp(0.09 * face["mouth_width"])),
        upper=0.095 * fullness,
        lower=0.125 * fullness,
        color=lip_color,
        shadow=shade(skin, 0.55),
        teeth=mix((246, 243, 234), (222, 206, 168), 0.7 * squash["wrinkles"]),
        smile=0.2,
    )
    return Look(
        skin=skin,
        redness=squash["skin_redness"],
        wrinkles=squash["wrinkles"],
        eye_bags=squash["eye_bags"],
        jaw_width=squash["jaw_width"],
        chin_y=1.26 + 0.32 * squash["face_length"],
        cheek=squash["cheek_fullness"],
        neck_width=0.46 + 0.34 * squash["neck_width"],
        hair=hair,
        hair_length=squash["hair_length"],
        hair_volume=squash["hair_volume"],
        hair_side=0.7 * float(np.tanh(face["hair_style"])),
        beard=float(np.clip((squash["beard"] - 0.42) / 0.5, 0, 1)),
        brow_thickness=0.035 + 0.075 * squash["brow_thickness"],
        brow_arch=squash["brow_arch"],
        brow=mix(shade(pigment, 0.75), (150, 148, 146), 0.7 * gray),
        eye_size=0.155 + 0.075 * squash["eye_size"],
        eye_distance=0.41 * float(np.exp(0.04 * face["eye_spacing"])),
        iris=ramp(EYES, squash["eye_color"]),
        nose_width=0.15 + 0.15 * squash["nose_size"],
        nose_length=0.03 * float(np.tanh(face["nose_length"])),
        lips=lips,
        glasses=face["glasses"] > 1.1,
        clothes=CLOTHES[0],
    )


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
    for side in (-1.0, 1.0):
        _draw_eye(canvas, look, expression, side)
    _draw_nose(canvas, look)
    draw_mouth(canvas, look.lips, expression.mouth)
    draw_hair_front(canvas, look.hair, look.hair_length, look.hair_volume, look.hair_side)
    if look.glasses:
        _draw_glasses(canvas, look)


def face_outline(look: Look) -> Points:
    """Return the outline (n, 2) of skull and jaw in head units, clockwise from the viewer's left temple."""
    angle = np.linspace(np.pi, 2 * np.pi, 20)
    skull = np.stack([np.cos(angle), 1.42 * np.sin(angle)], axis=1)
    down = np.linspace(0, 1, 16)[1:]
    square = 1.75 + 1.7 * look.jaw_width  # a wide jaw keeps its width until far down
    width = (1 - down**square) ** (0.50 + 0.12 * (1 - look.jaw_width))
    width = width * (1 - 0.10 * (1 - look.jaw_width) * down)
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
    for side in (-1, 1):
        ear = ellipse(side * 1.0, 0.12, 0.13, 0.27)
        canvas.fill(ear, shade(look.skin, 0.90), None)
        canvas.soft(ellipse(side * 1.02, 0.12, 0.06, 0.16), shade(look.skin, 0.6), 0.5, 0.03, None)
    canvas.fill(outline, look.skin, None)


def _shade_head(canvas: Canvas, look: Look, outline: Points) -> None:
    rim = np.concatenate([outline, outline[:1]])
    canvas.soft_line(rim, shade(look.skin, 0.55), 0.75, 0.14, 0.09, None)
    canvas.soft(ellipse(0, -0.75, 0.5, 0.22), shade(look.skin, 1.12), 0.45, 0.15)
    blush = mix(look.skin, (214, 60, 56), 0.75)
    for side in (-1, 1):
        cheek = ellipse(side * 0.58, 0.36, 0.20, 0.14)
        canvas.soft(cheek, blush, 0.10 + 0.75 * look.redness**1.5, 0.09)
        light = ellipse(side * 0.56, 0.24, 0.17, 0.07)
        canvas.soft(light, shade(look.skin, 1.2), 0.1 + 0.5 * look.cheek, 0.06)
        hollow = ellipse(side * 0.66, 0.62, 0.12, 0.22)
        canvas.soft(hollow, shade(look.skin, 0.55), 0.75 * (1 - look.cheek) ** 1.5, 0.09)
    canvas.soft(ellipse(0, look.chin_y - 0.2, 0.18, 0.09), shade(look.skin, 1.10), 0.4, 0.07)


def _draw_wrinkles(canvas: Canvas, look: Look, expression: Expression) -> None:
    dark = shade(look.skin, 0.52)
    depth = look.wrinkles**1.4
    x = np.linspace(-1, 1, 11)
    for row, y in enumerate((-0.66, -0.80, -0.94)):
        line = np.stack([(0.50 - 0.06 * row) * x, y + 0.05 * x**2 - 0.03 * np.cos(5 * x)], axis=1)
        canvas.soft_line(line, dark, 0.85 * depth, 0.024, 0.010)
    spread = max(expression.mouth.width, 0.0)
    t = np.linspace(0, 1, 8)
    for side in (-1, 1):
        fold = np.stack([0.22 + 0.27 * t + 0.05 * spread, 0.42 + 0.40 * t**1.2], axis=1) * (side, 1)
        canvas.soft_line(fold, dark, 0.12 + 0.10 * spread + 0.75 * depth, 0.03, 0.015)
        for slope in (-0.10, 0.02, 0.13):
            feet = np.stack([0.68 + 0.17 * t, EYE_Y + 0.02 + slope * (0.4 + t)], axis=1) * (side, 1)
            canvas.soft_line(feet, dark, 0.8 * depth, 0.018, 0.008)
        bag = np.stack(
            [look.eye_distance + 0.20 * (2 * t - 1), EYE_Y + 0.17 + 0.06 * np.sin(np.pi * t)], 1
        ) * (side, 1)
        tint = mix(dark, (110, 70, 110), 0.35)
        canvas.soft_line(bag, tint, 0.08 + 0.75 * look.eye_bags**1.5, 0.06, 0.03)


def _draw_eye(canvas: Canvas, look: Look, expression: Expression, side: float) -> None:
    x, size = side * look.eye_distance, look.eye_size
    socket = ellipse(x, EYE_Y - 0.05, size * 1.25, size * 0.9)
    canvas.soft(socket, shade(look.skin, 0.62), 0.42, 0.07)
    lids = max(0.0, expression.eyelids)
    u = np.linspace(-1, 1, 13)
    upper = np.stack([x + size * u, EYE_Y - size * 0.62 * lids * (1 - u**2)], axis=1)
    lower = np.stack([x + size * u, EYE_Y + size * 0.40 * min(lids + 0.1, 1) * (1 - u**2)], axis=1)
    if lids > 0.12:
        iris = (x + 0.35 * size * expression.gaze, EYE_Y - 0.06 * size)
        canvas.clipped(
            np.concatenate([upper, lower[::-1]]),
            0.02,
            [
                (ellipse(x, EYE_Y, 2 * size, 2 * size, 8), (240, 238, 234)),
                (ellipse(*iris, 0.52 * size, 0.52 * size), shade(look.iris, 0.6)),
                (ellipse(*iris, 0.44 * size, 0.44 * size), look.iris),
                (ellipse(*iris, 0.21 * size, 0.21 * size), (14, 12, 12)),
                (ellipse(iris[0] - 0.16 * size, iris[1] - 0.17 * size, 0.10 * size, 0.10 * size, 8), (250, 250, 250)),
            ],
        )  # fmt: skip
    canvas.line(upper if lids > 0.12 else lower, shade(look.skin, 0.28), 0.034, 0.02)
    canvas.soft_line(upper - (0, 0.06), shade(look.skin, 0.55), 0.55, 0.02, 0.012)
    canvas.soft_line(lower, shade(look.skin, 0.6), 0.4, 0.02, 0.01)
    rise = 0.05 + 0.13 * look.brow_arch
    lift = 0.05 * expression.brows + 0.05 * (look.brow_arch - 0.5)
    along = np.linspace(-1, 1, 11)  # from the nose to the temple
    crest = (
        BROW_Y
        - lift
        - rise * np.exp(-(((along - 0.25) / 0.6) ** 2))
        + 0.06 * (along > 0) * along**2
    )
    thick = look.brow_thickness * (1 - 0.75 * np.clip(along, 0, 1) ** 2)
    center = side * (look.eye_distance + 0.02 + 0.27 * along)
    brow = np.concatenate(
        [np.stack([center, crest - thick / 2], 1), np.stack([center, crest + thick / 2], 1)[::-1]]
    )
    canvas.soft(brow, look.brow, 0.92, 0.012, 0.05)


def _draw_nose(canvas: Canvas, look: Look) -> None:
    width, tip = look.nose_width, NOSE_Y + look.nose_length
    dark = shade(look.skin, 0.55)
    ridge = np.array([(-0.05, -0.2), (0.05, -0.2), (0.08, tip - 0.1), (-0.08, tip - 0.1)])
    canvas.soft(ridge, shade(look.skin, 1.15), 0.5, 0.04, 0.12)
    for side in (-1, 1):
        flank = np.array([(0.09, -0.22), (0.12, 0.0), (width, tip - 0.04)]) * (side, 1)
        canvas.soft_line(flank, dark, 0.30, 0.05, 0.035, 0.08)
        wing = ellipse(side * width, tip - 0.01, 0.07, 0.065, 12)
        canvas.soft(wing, shade(look.skin, 0.86), 0.7, 0.03, 0.15)
        nostril = ellipse(side * width * 0.58, tip + 0.045, width * 0.28, 0.026, 12)
        canvas.soft(nostril, shade(look.skin, 0.25), 0.85, 0.012, 0.2)
    ball = ellipse(0, tip - 0.04, width * 0.75, 0.095)
    canvas.soft(ball, mix(look.skin, (222, 70, 62), 0.5 * look.redness), 0.6, 0.04, 0.25)
    canvas.soft(ellipse(-0.02, tip - 0.08, 0.05, 0.035), shade(look.skin, 1.25), 0.6, 0.03, 0.3)
    canvas.soft(ellipse(0, tip + 0.10, width * 0.9, 0.04), dark, 0.45, 0.04, 0.05)
    philtrum = np.array([(0.0, tip + 0.12), (0.0, 0.68)])
    canvas.soft_line(philtrum, dark, 0.25, 0.05, 0.025, 0.05)


def _draw_glasses(canvas: Canvas, look: Look) -> None:
    frame: Color = (40.0, 36.0, 40.0)
    for side in (-1, 1):
        rim = ellipse(side * look.eye_distance, EYE_Y + 0.02, 0.30, 0.23, 28)
        canvas.line(np.concatenate([rim, rim[:1]]), frame, 0.035, 0.12)
        canvas.line(np.array([(side * 0.71, EYE_Y), (side * 1.0, EYE_Y + 0.02)]), frame, 0.035)
    bridge = np.array([(-0.12, EYE_Y), (0.0, EYE_Y - 0.04), (0.12, EYE_Y)])
    canvas.line(bridge, frame, 0.035, 0.14)


def face_box(pose: Pose, look: Look) -> tuple[float, float, float, float]:
    """Return the box (x1, y1, x2, y2, pixels) that a face detector is expected to draw: forehead to chin."""
    points = np.array([(-0.78, -0.98), (0.78, -0.98), (-0.78, 0.0), (0.78, 0.0)])
    points[2:, 1] = look.chin_y - 0.12
    pixels = Canvas(np.empty((1, 1, 3), np.uint8), pose).project(points)
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
