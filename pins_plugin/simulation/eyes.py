"""Eyes with lids, gaze and brows; spectacles."""

from dataclasses import dataclass

import numpy as np

from pins_plugin.simulation.canvas import Canvas, both, curve, ellipse, mirror
from pins_plugin.simulation.color import Color, shade
from pins_plugin.simulation.look import Look
from pins_plugin.simulation.phones import Mouth

EYE_Y, BROW_Y = -0.06, -0.40
SHUT = 0.12  # lids below this show no eyeball
WHITE: Color = (240.0, 238.0, 234.0)
PUPIL: Color = (14.0, 12.0, 12.0)
GLINT: Color = (250.0, 250.0, 250.0)
SPECTACLES: Color = (40.0, 36.0, 40.0)


@dataclass(frozen=True)
class Expression:
    """What changes from frame to frame: the mouth, eyelids (0 shut .. 1 open), gaze (-1..1) and brows (-1..1)."""

    mouth: Mouth
    eyelids: float = 1.0
    gaze: float = 0.0
    brows: float = 0.0


def draw_eyes(canvas: Canvas, look: Look, expression: Expression) -> None:
    """Draw both eyes and brows in place."""
    x, size = look.eye_distance, look.eye_size
    lids = max(0.0, expression.eyelids)
    canvas.soft(
        both(ellipse(x, EYE_Y - 0.05, size * 1.25, size * 0.9)), shade(look.skin, 0.62), 0.42, 0.07
    )
    u = np.linspace(-1, 1, 13)
    upper = curve(x + size * u, EYE_Y - size * 0.62 * lids * (1 - u**2))
    lower = curve(x + size * u, EYE_Y + size * 0.40 * min(lids + 0.1, 1) * (1 - u**2))
    if lids > SHUT:
        opening = np.concatenate([upper, lower[::-1]])
        for side, outline in zip((1, -1), both(opening), strict=True):
            _draw_eyeball(canvas, look, side * x, expression.gaze, outline)
    for edge in both(upper if lids > SHUT else lower):
        canvas.line(edge, shade(look.skin, 0.28), 0.034, 0.02)
    folds = [*both(upper - (0, 0.06)), *both(lower)]
    canvas.soft_line(folds, shade(look.skin, 0.57), 0.5, 0.02, 0.011)
    _draw_brows(canvas, look, expression)


def draw_glasses(canvas: Canvas, look: Look) -> None:
    """Draw spectacles in place."""
    rim = ellipse(look.eye_distance, EYE_Y + 0.02, 0.30, 0.23, 28)
    bow = np.array([(0.71, EYE_Y), (1.0, EYE_Y + 0.02)])
    for side in (np.concatenate([rim, rim[:1]]), bow):
        canvas.line(side, SPECTACLES, 0.035, 0.12)
        canvas.line(mirror(side), SPECTACLES, 0.035, 0.12)
    bridge = np.array([(-0.12, EYE_Y), (0.0, EYE_Y - 0.04), (0.12, EYE_Y)])
    canvas.line(bridge, SPECTACLES, 0.035, 0.14)


def _draw_eyeball(canvas: Canvas, look: Look, x: float, gaze: float, outline: np.ndarray) -> None:
    size = look.eye_size
    center = (x + 0.35 * size * gaze, EYE_Y - 0.06 * size)
    glint = ellipse(center[0] - 0.16 * size, center[1] - 0.17 * size, 0.10 * size, 0.10 * size, 8)
    paint = [
        (ellipse(x, EYE_Y, 2 * size, 2 * size, 8), WHITE),
        (ellipse(*center, 0.52 * size, 0.52 * size), shade(look.iris, 0.6)),
        (ellipse(*center, 0.44 * size, 0.44 * size), look.iris),
        (ellipse(*center, 0.21 * size, 0.21 * size), PUPIL),
        (glint, GLINT),
    ]
    canvas.clipped(outline, 0.02, paint)


def _draw_brows(canvas: Canvas, look: Look, expression: Expression) -> None:
    rise = 0.05 + 0.13 * look.brow_arch
    lift = 0.05 * expression.brows + 0.05 * (look.brow_arch - 0.5)
    along = np.linspace(-1, 1, 11)  # from the nose to the temple
    crest = BROW_Y - lift - rise * np.exp(-(((along - 0.25) / 0.6) ** 2))
    crest += 0.06 * np.maximum(along, 0) ** 2
    half = look.brow_thickness / 2 * (1 - 0.75 * np.maximum(along, 0) ** 2)
    x = look.eye_distance + 0.02 + 0.27 * along
    brow = np.concatenate([curve(x, crest - half), curve(x, crest + half)[::-1]])
    canvas.soft(both(brow), look.brow, 0.92, 0.012, 0.05)
