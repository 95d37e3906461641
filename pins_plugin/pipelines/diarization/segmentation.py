"""Who speaks when within ten seconds: local speakers and overlap, window after window (pyannote's segmentation 3.0).

A window has up to three local speakers, at most two of them at once; which local speaker of one window is which of
the next is not known. What does not depend on that is averaged over windows: how many speak, and whether the speaker
changes. All windows start on one grid of frames, so that nothing is interpolated.

Plaquet, Bredin, "Powerset multi-class cross entropy loss for neural speaker diarization", Interspeech 2023.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.pipelines.diarization.segmentation_model import load_segmentation_model

HOP, FIELD = 270, 991  # samples between frames of the network, and samples that a frame hears
FRAME_STEP = HOP / SAMPLE_RATE  # seconds
WINDOW = 160000  # samples, 10 s: what pyannote's segmentation 3.0 was trained on
WINDOW_FRAMES = 1 + (WINDOW - FIELD) // HOP
SPEAKERS = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))  # local speakers of each class
MEMBERSHIP = np.array([[k in each for k in range(3)] for each in SPEAKERS], np.float32)  # (7, 3)
# Seconds, where lips and looks help; 1.25 is better on sound alone (recipes/Diarization)
STEP = 2.5
BATCH_SIZE = 4  # windows; more is no faster on a CPU, and takes 20 MB each
GPU_BATCH_SIZE = 64  # windows; chosen, not measured
LAG = 4  # frames of 17 ms before and after a change that are compared; chosen, not measured
FLOOR = 1e-6  # least probability, keeps logarithms finite


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Local speakers of overlapping windows of one file; frames beyond the file's are padding."""

    log_posteriors: NDArray[np.float32]  # (num_windows, window_frames, 7), of each of `SPEAKERS`
    first_frames: NDArray[np.int64]  # (num_windows,) frame of the file with which each starts
    num_frames: int  # of the file, `FRAME_STEP` seconds apart

    @property
    def times(self) -> NDArray[np.float64]:
        """Middle of each frame in seconds, (num_frames,)."""
        return (np.arange(self.num_frames) * HOP + FIELD / 2) / SAMPLE_RATE

    def frames_of(self, window: int) -> slice:
        """Frames of the file that a window covers."""
        first = int(self.first_frames[window])
        return slice(first, min(first + self.log_posteriors.shape[1], self.num_frames))

    def edge_weights(self, window: int) -> NDArray[np.float64]:
        """Weights (num_frames,) of a window's frames in averages: near its edges it has less to judge by."""
        frames = self.frames_of(window)
        hann = np.hanning(self.log_posteriors.shape[1] + 2)[1:-1]
        return np.asarray(0.1 + hann[: frames.stop - frames.start])

    def count_log_probs(self) -> NDArray[np.float32]:
        """Log-probability (num_frames, 3) of nobody, one, two or more who speak; averaged over windows."""
        mean = self._average(_count_probabilities, 3)
        return np.log(np.maximum(mean, FLOOR)).astype(np.float32)

    def change_probability(self) -> NDArray[np.float32]:
        """How surely the speaker before each frame is another than the one after it, (num_frames,), over pauses too.

        In each window: half the sum of |who spoke last - who speaks next|, 67 ms before and after; averaged over windows.
        """
        return self._average(_changes, 1)[:, 0].astype(np.float32)

    def _average(
        self, measure: Callable[[NDArray[np.float32]], NDArray[np.float32]], num_values: int
    ) -> NDArray[np.float64]:
        """Average a measure of the posteriors (num_frames, 7) -> (num_frames, num_values) over windows."""
        total = np.zeros((self.num_frames, num_values))
        weight = np.zeros((self.num_frames, 1))
        for window, log_posteriors in enumerate(self.log_posteriors):
            frames = self.frames_of(window)
            values = measure(np.exp(log_posteriors[: frames.stop - frames.start]))
            share = self.edge_weights(window)[:, None]
            total[frames] += share * values
            weight[frames] += share
        return total / weight


def segment(
    waveform: NDArray[np.float32], model: torch.nn.Module | None = None, step: float = STEP
) -> Segmentation:
    """Find the local speakers of a file.

    Parameters
    ----------
    waveform : (num_samples,) float32 array
        At 16 kHz; less than ten seconds are filled up with silence.
    model : nn.Module, optional
        Maps (batch, 1, 160000) waveforms to (batch, 589, 7) log-posteriors; the one that ships by default.
    step : float
        Seconds between windows, at most 10.
    """
    model = load_segmentation_model() if model is None else model
    num_frames = max(1, 1 + (len(waveform) - FIELD // 2) // HOP)
    firsts = place_windows(num_frames, step)
    posteriors = np.empty((len(firsts), WINDOW_FRAMES, len(SPEAKERS)), np.float32)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    size = BATCH_SIZE if device.type == "cpu" else GPU_BATCH_SIZE
    for begin in range(0, len(firsts), size):
        rows = slice(begin, begin + size)
        batch = np.zeros((len(firsts[rows]), 1, WINDOW), np.float32)
        for row, first in zip(batch, firsts[rows], strict=True):
            piece = waveform[first * HOP : first * HOP + WINDOW]
            row[0, : len(piece)] = piece
        with torch.inference_mode():
            found = model(torch.from_numpy(batch).to(device))
        posteriors[rows] = found.float().cpu().numpy()
    return Segmentation(posteriors, firsts, num_frames)


def place_windows(num_frames: int, step: float) -> NDArray[np.int64]:
    """First frames of windows at most about `step` seconds apart, evenly, that cover all frames.

    Examples
    --------
    >>> place_windows(1000, 5.0)
    array([  0, 206, 411])
    """
    last = max(0, num_frames - WINDOW_FRAMES)
    hop = min(max(1, round(step / FRAME_STEP)), WINDOW_FRAMES)
    return np.round(np.linspace(0, last, 1 + -(-last // hop))).astype(np.int64)


def _count_probabilities(posteriors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack(
        [posteriors[:, 0], posteriors[:, 1:4].sum(axis=1), posteriors[:, 4:].sum(axis=1)], axis=1
    )


def _changes(posteriors: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far who spoke last and who speaks next differ, (num_frames, 1)."""
    last, following = _carry(posteriors), _carry(posteriors[::-1])[::-1]
    padded = np.pad(last, ((LAG, 0), (0, 0)), "edge")[: len(last)]
    ahead = np.pad(following, ((0, LAG), (0, 0)), "edge")[LAG:]
    return np.asarray(np.abs(padded - ahead).sum(axis=1, keepdims=True) / 2, np.float32)


def _carry(posteriors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Who spoke last, (num_frames, 3): pauses keep what was before them; halves where two speak."""
    shares = posteriors @ (MEMBERSHIP / np.maximum(MEMBERSHIP.sum(axis=1, keepdims=True), 1))
    carried = np.empty_like(shares)
    state = np.zeros(3, np.float32)
    for frame, (share, silence) in enumerate(zip(shares, posteriors[:, 0], strict=True)):
        state = carried[frame] = share + silence * state
    return carried
