"""What differs from recording to recording: background, light, camera, and how a head moves."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BLINKS_PER_SECOND = 0.3
GRAIN_SHIFT = 32  # pixels; a camera's grain is one texture, shifted from frame to frame


@dataclass(frozen=True)
class Light:
    """Exposure (gain), side light (relative slope across and down the picture), warmth, blur (pixels), grain."""

    gain: float
    across: float
    down: float
    warmth: float
    blur: float
    grain: float


def sample_light(generator: np.random.Generator) -> Light:
    """Draw a light and a camera."""
    return Light(
        gain=float(np.exp(generator.uniform(-0.28, 0.16))),
        across=float(generator.uniform(-0.28, 0.28)),
        down=float(generator.uniform(-0.22, 0.10)),
        warmth=float(generator.uniform(-0.07, 0.07)),
        blur=float(max(0.0, generator.uniform(-0.5, 0.8))),
        grain=float(generator.uniform(0.0, 5.0)),
    )


def paint_background(height: int, width: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Paint something out of focus, (height, width, 3): a few colors that flow into one another."""
    base = generator.uniform(60, 180, size=3) * 0.4 + generator.uniform(50, 190) * 0.6
    coarse = base + generator.normal(0, 20, size=(4, 5, 1)) + generator.normal(0, 7, size=(4, 5, 3))
    image = cv2.resize(
        coarse.clip(0, 255).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return image.clip(0, 255).astype(np.uint8)


class Camera:
    """Shows pictures of one size (pixels) in one light; `generator` draws the grain."""

    def __init__(
        self, light: Light, height: int, width: int, generator: np.random.Generator
    ) -> None:
        self.light = light
        across = 1 + light.across * np.linspace(-1, 1, width, dtype=np.float32)
        down = 1 + light.down * np.linspace(-1, 1, height, dtype=np.float32)
        tint = np.array([1 + light.warmth, 1.0, 1 - light.warmth], np.float32) * light.gain
        self._shading = (down[:, None, None] * across[None, :, None] * tint).astype(np.float32)
        size = (height + GRAIN_SHIFT, width + GRAIN_SHIFT, 1)
        grain = light.grain * generator.standard_normal(size, dtype=np.float32)
        self._grain = np.repeat(grain, 3, axis=2)

    def photograph(self, image: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
        """Return `image` (height, width, 3) as frame `number` shows it."""
        height, width = image.shape[:2]
        shaded = cv2.multiply(image, self._shading, dtype=cv2.CV_32F)
        if self.light.blur > 0.2:
            shaded = cv2.GaussianBlur(shaded, (0, 0), self.light.blur)
        top, left = 7 * number % GRAIN_SHIFT, 11 * number % (GRAIN_SHIFT - 1)
        grain = self._grain[top : top + height, left : left + width]
        return cv2.add(shaded, grain, dtype=cv2.CV_8U)  # rounds and saturates


@dataclass(frozen=True, eq=False)
class Sway:
    """A smooth random motion: a sum of slow sines, with values at any time."""

    amplitudes: NDArray[np.float64]
    frequencies: NDArray[np.float64]
    phases: NDArray[np.float64]
    center: float = 0.0

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values (num_times,) at `times` in seconds."""
        angles = 2 * np.pi * self.frequencies * times[:, None] + self.phases
        return self.center + np.sin(angles) @ self.amplitudes


def sample_sway(generator: np.random.Generator, center: float, size: float) -> Sway:
    """Draw a motion around `center` with standard deviation about `size`."""
    frequencies = generator.uniform(0.15, 1.3, size=4)
    amplitudes = size * generator.uniform(0.3, 1.0, size=4) / np.sqrt(1 + frequencies)
    return Sway(amplitudes, frequencies, generator.uniform(0, 2 * np.pi, size=4), center)


def blink_track(times: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Eyelids (num_times,) from 0 shut to 1 open."""
    start, end = (float(times[0]), float(times[-1])) if len(times) else (0.0, 0.0)
    count = generator.poisson(BLINKS_PER_SECOND * (end - start + 1))
    blinks = generator.uniform(start - 0.5, end + 0.5, size=count)
    distance = np.abs(times[:, None] - blinks).min(axis=1, initial=9.0)
    return np.clip(distance / 0.07 - 0.4, 0, 1)
