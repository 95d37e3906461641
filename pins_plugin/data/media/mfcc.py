"""Mel-frequency cepstral coefficients as published active-speaker networks were fed with them.

The same numbers as python_speech_features 0.6 (James Lyons) with its defaults, which has no window and rounds the
corners of its bands down to bins of the spectrum; other libraries do neither.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

SAMPLE_RATE = 16000  # Hz, as the networks of `active_speaker_network` want it
STEPS_PER_SECOND = 100  # of their coefficients, one per HOP
FRAME, HOP, FFT = 400, 160, 512  # samples
NUM_BANDS, NUM_COEFFICIENTS = 26, 13
PREEMPHASIS, LIFTER = 0.97, 22
FULL_SCALE = 32768.0  # these networks were fed with 16-bit numbers


def mfcc(waveform: NDArray[np.floating]) -> NDArray[np.float32]:
    """Compute 13 coefficients every 10 ms, the first of them the logarithm of the energy: (num_steps, 13).

    The waveform is (num_samples,), 16 kHz, in [-1, 1]; step i hears the 25 ms from i / 100 s on.
    """
    samples = FULL_SCALE * np.asarray(waveform, np.float64)
    samples = np.append(samples[:1], samples[1:] - PREEMPHASIS * samples[:-1])
    num_steps = 1 + max(0, int(np.ceil((len(samples) - FRAME) / HOP)))
    samples = np.pad(samples, (0, max(0, (num_steps - 1) * HOP + FRAME - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP][:num_steps]
    power = np.abs(np.fft.rfft(frames, FFT)) ** 2 / FFT  # (num_steps, 257)
    smallest = np.finfo(np.float64).eps
    energy = power.sum(axis=1)
    bands = power @ mel_bands().T
    bands, energy = (np.where(each == 0, smallest, each) for each in (bands, energy))
    coefficients = dct(np.log(bands), type=2, axis=1, norm="ortho")[:, :NUM_COEFFICIENTS]
    coefficients *= 1 + LIFTER / 2 * np.sin(np.pi * np.arange(NUM_COEFFICIENTS) / LIFTER)
    coefficients[:, 0] = np.log(energy)
    return coefficients.astype(np.float32)


def mel_bands() -> NDArray[np.float64]:
    """Triangles from 0 to 8 kHz, evenly spaced in mel, their corners at whole bins: (26, 257)."""
    highest = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, NUM_BANDS + 2) / 2595) - 1)
    bins = np.floor((FFT + 1) * corners / SAMPLE_RATE)
    places = np.arange(FFT // 2 + 1)
    bands = np.zeros((NUM_BANDS, len(places)))
    for band, low, middle, high in zip(bands, bins, bins[1:], bins[2:], strict=False):
        rising = (places >= low) & (places < middle)
        falling = (places >= middle) & (places < high)
        band[rising] = (places[rising] - low) / (middle - low)
        band[falling] = (high - places[falling]) / (high - middle)
    return bands
