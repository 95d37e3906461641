"""The mouth: lips, teeth and tongue, drawn from what the articulators do."""

from dataclasses import dataclass

import numpy as np

from pins_plugin.simulation.canvas import Canvas, Points, both, curve, ellipse
from pins_plugin.simulation.color import Color, mix, shade
from pins_plugin.simulation.phones import Mouth

MOUTH_Y = 0.80  # height of the resting lips on the head
GAPE = 0.36  # widest gap between the lips, in half head widths
JAW_DROP = 0.26  # how far the chin of a wide open mouth drops
LIFT = 0.10  # lips stand before the face


@dataclass(frozen=True)
class LipShape:
    """What is this person's own: half width, thickness of the upper and lower lip (head units), colors, smile."""

    half_width: float
    upper: float
    lower: float
    color: Color
    shadow: Color
    teeth: Color
    smile: float = 0.0


def draw_mouth(canvas: Canvas, lips: LipShape, mouth: Mouth) -> None:
    """Draw the mouth in place, on a canvas with `jaw` 0: the lips' own motion is part of `mouth`."""
    upper_inner, lower_inner, upper_outer, lower_outer = lip_contours(lips, mouth)
    shadow_y = lower_outer[len(lower_outer) // 2, 1] + 0.06
    canvas.soft(ellipse(0, shadow_y, lips.half_width * 0.6, 0.035), lips.shadow, 0.35, 0.035, LIFT)
    bright = mix(lips.color, (255.0, 240.0, 235.0), 0.16)
    dark = shade(lips.color, 0.80)
    canvas.fill(np.concatenate([upper_outer, upper_inner[::-1]]), dark, LIFT)
    canvas.fill(np.concatenate([lower_inner, lower_outer[::-1]]), lips.color, LIFT)
    middle = (lower_inner + 1.2 * lower_outer) / 2.2
    canvas.soft_line(middle[7:-7], bright, 0.6 * (1 - 0.6 * mouth.tuck), 0.035, 0.02, LIFT)
    gap = float((lower_inner[:, 1] - upper_inner[:, 1]).max())
    if gap > 0.012:
        outline = np.concatenate([upper_inner, lower_inner[::-1]])
        canvas.clipped(outline, LIFT, _inside(lips, mouth, upper_inner, lower_inner))
    line = shade(lips.color, 0.38)
    seam_alpha = 0.85 if gap < 0.03 else 0.35
    canvas.soft_line(upper_inner, line, seam_alpha, 0.022, 0.006, LIFT)
    x, y = upper_inner[-1]
    canvas.soft(both(ellipse(x, y, 0.030, 0.024, 12)), lips.shadow, 0.6, 0.015, LIFT)


def lip_contours(lips: LipShape, mouth: Mouth) -> tuple[Points, Points, Points, Points]:
    """Return the upper and lower inner and the upper and lower outer edge of the lips, each (25, 2), left to right.

    Examples
    --------
    >>> lips = LipShape(0.36, 0.1, 0.13, (0, 0, 0), (0, 0, 0), (0, 0, 0))
    >>> closed = lip_contours(lips, Mouth(0.0, 0.0, 0.0))
    >>> bool(abs(closed[0] - closed[1]).max() < 1e-9)
    True
    """
    spread = mouth.width
    half = lips.half_width * (1 + (0.20 if spread > 0 else 0.32) * spread)
    half *= 1 - 0.16 * mouth.rounding - 0.08 * mouth.jaw
    gap = GAPE * max(mouth.opening, 0.0) * (1 - mouth.press)
    raise_upper = 0.25 * gap + 0.015 * max(spread, 0.0)
    upper_y = MOUTH_Y - raise_upper + 0.015 * mouth.press
    lower_y = upper_y + gap
    corner_y = upper_y + 0.42 * gap - 0.05 * lips.smile - 0.015 * max(spread, 0)
    u = np.linspace(-1, 1, 25)
    # wide mouths are boxy, round ones oval
    sharpness = 2.2 + 1.4 * max(spread, 0) + 0.6 * mouth.jaw
    roundness = 1 - 0.5 * mouth.rounding  # exponent 1: parabola, 0.5: ellipse
    arch = (1 - np.abs(u) ** sharpness) ** roundness
    inner_half = half * (0.93 - 0.20 * mouth.rounding)
    upper_inner = curve(inner_half * u, corner_y + (upper_y - corner_y) * arch)
    lower_inner = curve(inner_half * u, corner_y + (lower_y - corner_y) * arch)
    pout = 1 + 0.35 * mouth.rounding - 0.45 * mouth.press - 0.18 * max(spread, 0)
    bow = 1 - 0.25 * np.exp(-((u / 0.13) ** 2))
    upper_thick = lips.upper * pout * (1 - np.abs(u) ** 1.9) ** roundness * bow
    lower_thick = lips.lower * pout * (1 - 0.5 * mouth.tuck) * (1 - np.abs(u) ** 2.4) ** roundness
    upper_outer = curve(half * u, upper_inner[:, 1] - upper_thick)
    lower_outer = curve(half * u, lower_inner[:, 1] + lower_thick)
    return upper_inner, lower_inner, upper_outer, lower_outer


def _inside(
    lips: LipShape, mouth: Mouth, upper: Points, lower: Points
) -> list[tuple[Points, Color]]:
    """Paint from back to front: the dark, the tongue, the lower and the upper teeth."""
    width = float(upper[-1, 0])
    bottom = float(lower[:, 1].max())
    u = np.linspace(-1, 1, 13)
    dark: Color = (46.0, 16.0, 18.0)
    tongue: Color = (186.0, 84.0, 84.0)
    paint: list[tuple[Points, Color]] = [(ellipse(0, bottom - 0.1, 2 * width + 0.2, 0.6, 12), dark)]
    # edge of the lower teeth: they hang on the jaw
    jaw_y = MOUTH_Y + 0.055 + 0.85 * JAW_DROP * mouth.jaw
    tongue_y = jaw_y + 0.06 - 0.16 * mouth.tongue * (0.4 + mouth.jaw)
    body = ellipse(0, tongue_y + 0.09, 0.78 * width, 0.12, 16)
    paint.append((body, tongue if mouth.tongue > 0.3 else (150.0, 62.0, 64.0)))
    lower_teeth = _band(u, 0.86 * width, jaw_y, jaw_y + 0.12, 0.03)
    paint.append((lower_teeth, shade(lips.teeth, 0.82 - 0.3 * mouth.rounding)))
    edge = MOUTH_Y + 0.035 - 0.07 * mouth.rounding  # pushed-out lips hide and shade the teeth
    teeth = _band(u, 0.94 * width, edge - 0.2, edge, -0.03)
    paint.append((teeth, shade(lips.teeth, 1 - 0.25 * mouth.rounding)))
    if mouth.tongue > 0.5:  # tip between the teeth
        tip = ellipse(0, edge + 0.035, 0.55 * width, 0.045 * mouth.tongue, 16)
        paint.append((tip, (205.0, 104.0, 102.0)))
    return paint


def _band(u: Points, half: float, top: float, bottom: float, bend: float) -> Points:
    """A curved stripe: its free edge bends by `bend` toward the corners."""
    free, held = (bottom, top) if bend < 0 else (top, bottom)
    edge = curve(half * u, free + bend * u**2)
    other = curve(half * u[::-1], np.full(len(u), held))
    return np.concatenate([edge, other])
