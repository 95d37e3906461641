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
    """Part of a one-person clip.

    Parameters
    ----------
    start : float
        Where in the clip it begins, in seconds.
    end : float, optional
        Play from `start` to `end`, back to `start`, and so on: how a short silence becomes a long one.
    speed : float
        1 as filmed, less is slower, 0 a photograph.
    phase : float
        Seconds of the clip that a stretch with an `end` has already played.
    silent : bool
        Whether the person listens: rests the mouth.
    zoom : float
        By which share the picture grows each second, as a camera does that is moved towards a photograph.
    scale : float, optional
        Pixels for each pixel of the clip; as large as the panel allows when not given.
    """

    person: str
    path: Path
    start: float
    end: float | None = None
    speed: float = 1.0
    phase: float = 0.0
    silent: bool = False
    zoom: float = 0.0
    scale: float | None = None

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
    """The sound of a stretch.

    Parameters
    ----------
    duration : float
        In seconds.
    speaker : str, optional
        Who is said to speak, where it is not the person of the clip: dubbed.
    speech : tuple of (start, end), optional
        When there is speech, in seconds from the voice's begin; found in the sound when not given.
    fade : float
        In seconds, at both ends.
    """

    stretch: Stretch
    duration: float
    speaker: str | None = None
    speech: tuple[tuple[float, float], ...] | None = None
    gain: float = 1.0
    fade: float = 0.0


@dataclass(frozen=True)
class Segment:
    """What is shown for `duration` seconds, and the voices that begin meanwhile.

    Parameters
    ----------
    panels : tuple of Stretch
        From left to right.
    """

    duration: float
    panels: tuple[Stretch, ...]
    voices: tuple[Voice, ...]


@dataclass(frozen=True, eq=False)
class Recording:
    """How a scene is filmed and recorded.

    Parameters
    ----------
    frame_rate : float
        In Hz.
    quality : int
        x264's constant rate factor, 18 (large files) to 45 (hardly to be recognized).
    blur : float
        Standard deviation of a Gaussian over each panel, in pixels.
    sound_shift : float
        Seconds by which the sound comes later than the picture.
    add_noise : callable, optional
        Takes the waveform of all voices and gives it with noise under it.
    """

    frame_rate: float = FRAME_RATE
    quality: int = 23
    blur: float = 0.0
    sound_shift: float = 0.0
    add_noise: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
