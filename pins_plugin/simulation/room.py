"""Where and how a voice is recorded: room, noise and microphone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

from pins_plugin.data.media.audio import SAMPLE_RATE


@dataclass(frozen=True)
class Room:
    """Where and how a voice is recorded: reverberation time (s), its share, noise and the microphone's slope."""

    reverberation: float
    wetness: float
    noise_ratio: float  # dB of speech over noise
    noise_color: float  # 0 white .. 0.97 brown
    slope: float  # dB from 0 to 8 kHz


def sample_room(generator: np.random.Generator) -> Room:
    """Draw a recording condition: from a good studio to a living room with a fan."""
    return Room(
        reverberation=float(generator.uniform(0.08, 0.35)),
        wetness=float(generator.uniform(0.02, 0.25)),
        noise_ratio=float(generator.uniform(28, 48)),
        noise_color=float(generator.uniform(0.0, 0.95)),
        slope=float(generator.uniform(-2, 2)),
    )


def record(
    waveform: NDArray[np.float32], room: Room, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Put a dry voice (num_samples,) into a room and onto a microphone; the direct sound is not delayed."""
    length = max(int(room.reverberation * SAMPLE_RATE), 2)
    decay = np.exp(-6.9 * np.arange(length) / length)
    response = (room.wetness * decay * generator.standard_normal(length) * 0.15).astype(np.float32)
    response[0] = 1.0
    wet = fftconvolve(waveform, response)[: len(waveform)]
    noise = lfilter([1.0], [1.0, -room.noise_color], generator.standard_normal(len(waveform)))
    speech_level = np.sqrt(np.mean(waveform**2)) + 1e-9
    noise *= speech_level * 10 ** (-room.noise_ratio / 20) / (np.std(noise) + 1e-9)
    tone = np.tanh(room.slope / 17.4)  # one-zero filter: + lifts the treble, - lowers it
    mixed = lfilter([1.0, -tone], [1.0], wet + noise)
    peak = np.abs(mixed).max()
    return (mixed * min(1.0, 0.95 / max(peak, 1e-9))).astype(np.float32)
