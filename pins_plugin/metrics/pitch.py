"""How high a voice is: the plainest thing that a listener could go by, for baselines."""

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 60.0, 400.0  # Hz
FRAME_SECONDS, HOP_SECONDS = 0.04, 0.02  # seconds
VOICED = 0.5  # of the autocorrelation at lag 0
LOUD = 0.1  # of the loudest frame's energy


def median_pitch(waveform: NDArray[np.float32], sample_rate: int) -> float:
    """Median fundamental frequency of voiced frames, by autocorrelation.

    Parameters
    ----------
    waveform : (num_samples,) float32 array
    sample_rate : int
        In Hz.

    Returns
    -------
    pitch : float
        In Hz; NaN where no frame is voiced.

    Examples
    --------
    >>> times = np.arange(16000) / 16000
    >>> round(median_pitch(np.sign(np.sin(2 * np.pi * 125 * times)).astype(np.float32), 16000))
    125
    """
    size, hop = round(FRAME_SECONDS * sample_rate), round(HOP_SECONDS * sample_rate)
    if len(waveform) < size:
        return float("nan")
    frames = np.lib.stride_tricks.sliding_window_view(waveform.astype(np.float64), size)[::hop]
    frames = frames - frames.mean(axis=1, keepdims=True)
    spectra = np.abs(np.fft.rfft(frames, 2 * size)) ** 2
    correlation = np.fft.irfft(spectra)[:, :size]
    energy = correlation[:, 0]
    taper = 1 - np.arange(size) / size  # fewer samples overlap at longer lags
    relative = correlation / np.maximum(energy, 1e-12)[:, None] / taper
    shortest, longest = int(sample_rate / HIGHEST), int(sample_rate / LOWEST)
    window = relative[:, shortest : longest + 1]
    best = window.max(axis=1)
    # the first peak that is nearly as good: multiples of a period fit as well as the period
    first = np.argmax(window >= 0.9 * best[:, None], axis=1) + shortest
    lags = np.arange(shortest, longest + 1)
    near = (lags >= first[:, None]) & (lags <= 1.3 * first[:, None])
    lags = shortest + np.where(near, window, -np.inf).argmax(axis=1)
    voiced = (best > VOICED) & (energy > LOUD * energy.max())
    if not voiced.any():
        return float("nan")
    return float(sample_rate / np.median(lags[voiced]))
