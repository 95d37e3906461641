"""Does a mouth open when the sound gets louder? Weak evidence, but it needs no training on voices.

The opening of the lips and its speed are correlated with the loudness of the sound, at the true alignment
and at shifted ones: a mouth that merely moves while somebody speaks fits the shifted sound as well.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from pins_plugin.data.media.audio import SAMPLE_RATE

RATE = 25.0  # Hz, of both signals
UPPER_LIP, LOWER_LIP = (34, 35, 36), (24, 25, 26)  # middle of the inner rim, among the 88 points
CHIN = slice(80, 88)
NEAR = 2  # frames: shifts up to here count as aligned
FAR = (5, 25)  # frames: shifts that serve as comparison
FEWEST_STEPS = 8  # of which a correlation says anything
Signal = NDArray[np.float64]


def loudness(waveform: NDArray[np.float32], sample_rate: int) -> Signal:
    """Log energy of the sound, (num_frames,), frame i around i / RATE seconds."""
    hop = sample_rate / RATE
    num_frames = int(np.ceil(len(waveform) / hop))
    centers = np.arange(num_frames) * hop
    first = np.clip(centers - hop, 0, len(waveform)).astype(int)
    last = np.clip(centers + hop, 1, len(waveform)).astype(int)
    power = np.concatenate([[0.0], np.cumsum(np.square(waveform, dtype=np.float64))])
    energy = (power[last] - power[first]) / np.maximum(1, last - first)
    floor = max(1e-9, float(np.percentile(energy, 99)) * 1e-4)
    return np.asarray(np.log(energy + floor))


def lip_gap(lips: NDArray) -> NDArray:
    """Vertical distance (num_frames,) of the inner rims of (num_frames, 88, 2) lips."""
    return np.asarray(lips[:, LOWER_LIP, 1].mean(axis=1) - lips[:, UPPER_LIP, 1].mean(axis=1))


def _mouth_signals(lips: NDArray[np.floating], times: NDArray[np.floating]) -> NDArray[np.float64]:
    """Opening of the mouth, and the absolute change of all points, at `RATE` from `times[0]` on: (num_steps, 2)."""
    opening = lip_gap(lips)
    chin = lips[:, CHIN, 1].mean(axis=1)
    clock = np.arange(times[0], times[-1] + 0.5 / RATE, 1 / RATE)
    opening = np.interp(clock, times, opening + 0.5 * chin)
    points = np.stack([np.interp(clock, times, p) for p in lips.reshape(len(lips), -1).T], axis=1)
    points = gaussian_filter1d(points, 0.7, axis=0, mode="nearest")
    speed = np.abs(np.gradient(points, axis=0)).mean(axis=1) if len(clock) > 1 else np.zeros(1)
    return np.stack([opening, np.log(speed + 1e-3)], axis=1)


def motion_score(signals: NDArray[np.float64], sound: Signal, offset: int = 0) -> float:
    """How much better a mouth fits the sound than it fits shifted sound.

    Parameters
    ----------
    signals : (num_steps, num_signals) array
        Of the mouth.
    sound : (num_sound_steps,) array
        Loudness of a longer stretch, on the same clock.
    offset : int
        Step of `sound` at which `signals` begins.

    Returns
    -------
    score : float
        Sum over the signals of (aligned correlation - mean of shifted ones), times the root of the length
        in steps; 0 where nothing can be said.
    """
    num_steps = len(signals)
    if num_steps < FEWEST_STEPS:
        return 0.0
    shifts = np.arange(-FAR[1], FAR[1] + 1)
    steps = np.clip(np.arange(num_steps) + offset + shifts[:, None], 0, len(sound) - 1)
    correlations = _correlate(signals, sound[steps])  # (num_shifts, num_signals)
    near = np.abs(shifts) <= NEAR
    far = np.abs(shifts) >= FAR[0]
    gains = correlations[near].max(axis=0) - correlations[far].mean(axis=0)
    usual = np.sort(correlations[far], axis=0)[-len(shifts) // 5 :].mean(axis=0)
    peak = correlations[near].max(axis=0) - usual
    return float((gains + peak).mean() * np.sqrt(num_steps))


class MouthMotion:
    """How well mouths fit the sound of one video, for comparison with better evidence.

    Parameters
    ----------
    mouths : mapping of str to (times, lips)
        By the name of the track: (num_frames,) seconds and (num_frames, 88, 2) lips, see `tracking.crops.Crops`.
    waveform : (num_samples,) float32 array
        At 16 kHz.
    """

    def __init__(
        self, mouths: Mapping[str, tuple[Signal, NDArray]], waveform: NDArray[np.float32]
    ) -> None:
        self._sound = loudness(waveform, SAMPLE_RATE)
        usable = {name: mouth for name, mouth in mouths.items() if len(mouth[0]) >= FEWEST_STEPS}
        self._starts = {name: float(times[0]) for name, (times, _) in usable.items()}
        self._signals = {
            name: _mouth_signals(np.nan_to_num(lips), times)
            for name, (times, lips) in usable.items()
        }

    def score(self, track: str, start: float, end: float) -> float | None:
        """Score of `motion_score` between two times in seconds; None where too little of the mouth is seen."""
        if track not in self._signals:
            return None
        begin = self._starts[track]
        first = max(0, round((start - begin) * RATE))
        signals = self._signals[track][first : max(0, round((end - begin) * RATE))]
        if len(signals) < FEWEST_STEPS:
            return None
        return motion_score(signals, self._sound, round(begin * RATE) + first)


def _correlate(signals: NDArray[np.float64], windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson correlations (num_windows, num_signals) of (num_steps, num_signals) with (num_windows, num_steps)."""
    centered = signals - signals.mean(axis=0)
    centered /= np.linalg.norm(centered, axis=0) + 1e-6
    others = windows - windows.mean(axis=1, keepdims=True)
    others /= np.linalg.norm(others, axis=1, keepdims=True) + 1e-6
    return np.asarray(others @ centered)
