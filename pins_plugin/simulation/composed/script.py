"""What a composed scene shows and lets hear.

A scene is a list of *segments*. A segment shows one or more panels side by side, each playing a stretch of
somebody's clip. *Voices* begin in a segment and may go on over the next ones: that of a panel (its person speaks),
or of a clip that is not shown (a voice off screen), or several at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FRAME_RATE = 25.0  # Hz, of composed scenes
FADE = 0.01  # seconds, where a voice is cut into another or into silence
MIN_TURN = 0.1  # seconds: shorter rests of speech at the edge of a stretch are nobody's turn


@dataclass(frozen=True)
class Stretch:
    """Part of a one-person clip, from `start` (seconds of the clip) on.

    With an `end` it is played from `start` to `end`, back to `start`, and so on: how a short silence becomes a long one.
    """

    person: str
    path: Path
    start: float
    end: float | None = None
    speed: float = 1.0  # 1 as filmed, less is slower, 0 a photograph
    phase: float = 0.0  # seconds of the clip that a stretch with an `end` has already played
    silent: bool = False  # whether the person listens: rests the mouth
    zoom: float = (
        0.0  # share by which the picture grows each second, as a camera does that is moved
    )
    scale: float | None = None  # pixels for each of the clip; None: as large as the panel allows

    def later(self, seconds: float) -> "Stretch":
        """The same stretch from `seconds` of playing time on."""
        if self.end is None:
            return replace(self, start=self.start + seconds * self.speed)
        return replace(self, phase=self.phase + seconds * self.speed)

    def time_at(self, seconds: float) -> float:
        """Time in the clip, in seconds, after `seconds` of playing."""
        if self.end is None:
            return self.start + seconds * self.speed
        length = self.end - self.start
        played = (self.phase + seconds * self.speed) % (2 * length)
        return self.start + min(played, 2 * length - played)


@dataclass(frozen=True)
class Voice:
    """The sound of a stretch, for `duration` seconds.

    `speech` is when there is speech, (start, end) in seconds from the voice's begin; found in the sound when not given.
    """

    stretch: Stretch
    duration: float
    speaker: str | None = None  # who is said to speak, where it is not the clip's person: dubbed
    speech: tuple[tuple[float, float], ...] | None = None
    gain: float = 1.0
    fade: float = 0.0  # seconds, at both ends


@dataclass(frozen=True)
class Segment:
    """What is shown for `duration` seconds, and the voices that begin meanwhile."""

    duration: float
    panels: tuple[Stretch, ...]  # from left to right
    voices: tuple[Voice, ...]


@dataclass(frozen=True, eq=False)
class Recording:
    """How a scene is filmed and recorded; `add_noise` takes the waveform of all voices and puts noise under it."""

    frame_rate: float = FRAME_RATE  # Hz
    quality: int = (
        23  # x264's constant rate factor, 18 (large files) to 45 (hardly to be recognized)
    )
    blur: float = 0.0  # pixels, standard deviation of a Gaussian over each panel
    sound_shift: float = 0.0  # seconds by which the sound comes later than the picture
    add_noise: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
