"""Noise, music and other people's voices under the speech of a scene."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from pins_plugin.data.media.audio import SAMPLE_RATE

NOISES = ("noise", "music", "babble")
RATIOS = {"noise": (3.0, 20.0), "music": (0.0, 15.0), "babble": (8.0, 20.0)}  # dB of speech over it
CHORDS = ((0, 4, 7), (0, 3, 7), (5, 9, 12), (7, 11, 14), (-3, 0, 4))  # semitones over the key


def make_noise(
    kind: str,
    num_samples: int,
    generator: np.random.Generator,
    voices: Sequence[NDArray[np.float32]] = (),
) -> NDArray[np.float32]:
    """Make one of `NOISES`, (num_samples,), of root mean square 1.

    Parameters
    ----------
    voices : sequence of (num_samples_i,) float32 arrays
        Of people who take no part, for "babble"; each is repeated from a random place on.
    """
    if kind == "music":
        sound = _chords(num_samples, generator)
    elif kind == "babble":
        sound = np.zeros(num_samples)
        for voice in voices:
            looped = np.resize(voice, num_samples + len(voice))
            begin = int(generator.integers(len(voice)))
            sound += looped[begin : begin + num_samples] / (np.std(voice) + 1e-9)
    else:
        color = generator.uniform(0.0, 0.97)  # white to brown
        sound = lfilter([1.0], [1.0, -color], generator.standard_normal(num_samples))
    return (sound / (np.std(sound) + 1e-9)).astype(np.float32)


def mix(
    speech: NDArray[np.float32], noise: NDArray[np.float32], decibels: float
) -> NDArray[np.float32]:
    """Put noise (num_samples,) under speech (num_samples,), which is louder by some dB where it sounds."""
    sounding = np.abs(speech) > 0.05 * np.abs(speech).max(initial=1e-9)
    level = float(np.sqrt(np.mean(speech[sounding] ** 2))) if sounding.any() else 1e-3
    return (speech + noise * level * 10 ** (-decibels / 20)).astype(np.float32)


def _chords(num_samples: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Chords of decaying tones with a beat."""
    sound = np.zeros(num_samples)
    key = float(generator.uniform(45, 60))  # semitones, as in MIDI
    beat = round(float(generator.uniform(0.25, 0.7)) * SAMPLE_RATE)
    for number, begin in enumerate(range(0, num_samples, beat)):
        if number % 4 == 0:
            chord = CHORDS[int(generator.integers(len(CHORDS)))]
        length = min(2 * beat, num_samples - begin)
        time = np.arange(length) / SAMPLE_RATE
        for semitone in [*chord, 12 * int(generator.integers(2)) + generator.choice(chord)]:
            frequency = 440 * 2 ** ((key + semitone - 69) / 12)
            for harmonic in range(1, 5):
                tone = np.sin(2 * np.pi * frequency * harmonic * time) / harmonic**1.5
                sound[begin : begin + length] += tone * np.exp(-3 * time)
    return sound
