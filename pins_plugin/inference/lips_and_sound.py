"""Lips and sound that a network takes in: checked, and worth looking at or not."""

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ShapeError

MIN_MOVEMENT = 2e-3  # of the distance between the eyes; chosen, not measured
STILL = 8e-3  # the same, of lips that say nothing: speech moves them by 1.2e-2 and more over two seconds
STILL_FRAMES = 25  # on either side, of 25 Hz; chosen, not measured
MIN_LOUDNESS = 1e-4  # root mean square; chosen, not measured


def check_lips(lips: NDArray, times: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Check lips (num_frames, 88, 2) and their times in seconds (num_frames,), which increase, or raise ShapeError."""
    lips, times = np.asarray(lips, np.float32), np.asarray(times, np.float64)
    if lips.ndim != 3 or lips.shape[1:] != (88, 2):
        raise ShapeError(
            f"lips: expected shape (num_frames, 88, 2), got {lips.shape}; pass `Crops.lips` of extract_crops"
        )
    if times.shape != lips.shape[:1]:
        raise ShapeError(f"times: expected shape ({len(lips)},), got {times.shape}")
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise ShapeError("times: expected increasing seconds, got NaN, a step back or a repetition")
    return lips, times


def check_waveform(waveform: NDArray) -> NDArray[np.float32]:
    """Check that a waveform is (num_samples,)."""
    waveform = np.asarray(waveform, np.float32)
    if waveform.ndim != 1:
        raise ShapeError(
            f"waveform: expected shape (num_samples,), got {waveform.shape}; mix channels first"
        )
    return waveform


def moves(lips: NDArray[np.float32]) -> bool:
    """Whether lips (num_frames, 88, 2) move at all."""
    points = lips - lips.mean(axis=1, keepdims=True)
    return len(lips) > 1 and float(points.std(axis=0).mean()) > MIN_MOVEMENT


def is_still(lips: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether lips (num_frames, 88, 2) at 25 frames per second, NaN where not seen, hardly move around each frame: (num_frames,).

    Their face says nothing there.
    """
    points = lips.astype(np.float64) - lips.mean(axis=1, keepdims=True)
    seen = np.isfinite(points).all(axis=(1, 2))
    points = np.where(seen[:, None, None], points, 0).reshape(len(lips), 2 * lips.shape[1])

    def around(values: NDArray) -> NDArray:
        sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
        frames = np.arange(len(values))
        last = np.minimum(frames + STILL_FRAMES + 1, len(values))
        return np.asarray(sums[last] - sums[np.maximum(frames - STILL_FRAMES, 0)])

    counts = np.maximum(around(seen.astype(np.float64)), 1)
    means = around(points) / counts[:, None]
    squares = around((points**2).mean(axis=1)) / counts - (means**2).mean(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares, 0)) < STILL)


def sounds(waveform: NDArray[np.float32]) -> bool:
    """Whether anything is heard."""
    return len(waveform) > 0 and float(np.sqrt(np.mean(waveform**2))) > MIN_LOUDNESS
