"""Hair and beard."""

import numpy as np

from pins_plugin.simulation.canvas import Canvas, Points, curve, ellipse
from pins_plugin.simulation.color import Color, mix, shade

LONG, BALD = 0.5, 0.06  # thresholds of hair length in 0..1


def draw_hair_back(canvas: Canvas, color: Color, length: float, volume: float) -> None:
    """Draw what hangs behind the head and the neck."""
    if length < LONG:
        return
    bottom = 0.6 + 1.9 * (length - LONG) / (1 - LONG)
    width = 1.12 + 0.16 * volume
    angle = np.linspace(np.pi, 2 * np.pi, 16)
    top = curve(width * np.cos(angle), -0.1 + 1.5 * np.sin(angle))
    t = np.linspace(0, 1, 8)[1:]
    right = curve(width + 0.10 * np.sin(3 * t), -0.1 + (bottom + 0.1) * t)
    canvas.fill(np.concatenate([top, right, (right * (-1, 1))[::-1]]), shade(color, 0.72), None)


def draw_hair_front(
    canvas: Canvas, color: Color, length: float, volume: float, side: float
) -> None:
    """Draw the hair on the skull, its line over the forehead, and locks beside the face."""
    if length < BALD:
        return
    crown = 1.50 + 0.14 * volume
    width = 1.06 + 0.06 * volume
    reach = 0.05 if length > LONG else -0.18 - 0.25 * (LONG - length)  # down to the ears
    angle = np.linspace(np.pi, 2 * np.pi, 24)
    outer = curve(width * np.cos(angle), reach + (crown + reach) * np.sin(angle))
    x = np.linspace(0.94, -0.94, 17)
    line = -0.98 + 0.62 * np.abs(x) ** 3.2 + 0.16 * side * x * (1 - x**2)
    line += 0.16 * np.exp(-(((x - 0.55 * side) / 0.35) ** 2)) * min(1.0, 2 * length)  # fringe
    cap = np.concatenate([outer, curve(x, np.minimum(line, reach))])
    canvas.fill(cap, color, None)
    bright = mix(shade(color, 1.2), (255.0, 250.0, 240.0), 0.1)
    gleam = ellipse(-0.3, -1.22, 0.42, 0.09)
    canvas.soft(gleam, bright, 0.55, 0.07)
    dark = shade(color, 0.6)
    t = np.linspace(0, 1, 6)
    strands = [
        curve(start * (0.55 + 0.45 * t), -1.42 + 0.42 * t + 0.1 * start**2)
        for start in np.linspace(-0.75, 0.75, 6)
    ]
    canvas.soft_line(strands, dark, 0.35, 0.02, 0.008)
    if length >= LONG:
        bottom = 0.25 + 1.9 * (length - LONG) / (1 - LONG)
        t = np.linspace(0, 1, 10)
        for sign in (-1, 1):
            outside = curve(width + 0.05 * np.sin(4 * t), -0.3 + (bottom + 0.3) * t)
            inside = curve(0.86 + 0.10 * t, -0.55 + (bottom + 0.45) * t)
            lock = np.concatenate([outside, inside[::-1]]) * (sign, 1)
            canvas.fill(lock, color, None)


def draw_beard(canvas: Canvas, color: Color, beard: float, outline: Points) -> None:
    """Draw stubble or a full beard along the jaw, with its mustache."""
    if beard <= 0.02:
        return
    dark = shade(color, 0.85)
    jaw = outline[(outline[:, 1] > 0.25) & (np.abs(outline[:, 0]) > 0.0)]
    jaw = jaw[np.argsort(np.arctan2(jaw[:, 0], jaw[:, 1]))]  # along the jaw, right... to left
    x = np.linspace(-0.80, 0.80, 13)
    top = curve(x, 0.62 + 0.42 * np.exp(-((x / 0.42) ** 4)) - 0.25 * np.abs(x) ** 3)
    shape = np.concatenate([top, jaw[::-1] * (1.0 + 0.03 * beard)])
    alpha = min(0.95, 0.25 + 0.9 * beard)
    canvas.soft(shape, dark, alpha, 0.035, None)
    t = np.linspace(-1, 1, 13)
    upper = curve(0.40 * t, 0.575 + 0.10 * t**2)
    lower = curve(0.44 * t, 0.685 + 0.16 * t**2)
    mustache = np.concatenate([upper, lower[::-1]])
    canvas.soft(mustache, dark, alpha, 0.02, 0.08)
