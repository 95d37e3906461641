"""What a synchronizer takes in: checked, bridged, and worth looking at or not."""

import numpy as np
import torch
from numpy.typing import NDArray
from torchaudio.functional import resample

from pins_plugin.errors import ShapeError

MIN_MOVEMENT = 2e-3  # of the distance between the eyes
MIN_LOUDNESS = 1e-4  # root mean square


def check_inputs(
    lips: NDArray, times: NDArray, waveform: NDArray
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float32]]:
    """Check shapes and times, and give arrays of the types that are worked with."""
    lips, times, waveform = np.asarray(lips), np.asarray(times), np.asarray(waveform)
    if lips.ndim != 4 or lips.shape[2:] != (88, 2):
        raise ShapeError(
            f"lips: expected shape (num_frames, 88, 2), got {lips.shape[1:]}; pass `Crops.lips` of extract_crops"
        )
    if times.shape != lips.shape[1:2]:
        raise ShapeError(f"times: expected shape ({lips.shape[1]},), got {times.shape}")
    if (np.diff(times) <= 0).any():
        raise ShapeError("times: expected increasing seconds, got a step back or a repetition")
    if waveform.ndim != 1:
        raise ShapeError(
            f"waveform: expected shape (num_samples,), got {waveform.shape}; mix channels first"
        )
    return lips.astype(np.float32), times.astype(np.float64), np.asarray(waveform, np.float32)


def at_rate(waveform: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Convert the rate of a waveform, in Hz."""
    if rate == wanted:
        return waveform
    return resample(torch.from_numpy(waveform), rate, wanted).numpy()


def fill_gaps(lips: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Bridge frames without a face linearly."""
    if seen.all() or not seen.any():
        return np.nan_to_num(lips)
    frames = np.arange(len(lips))
    filled = lips.reshape(len(lips), -1).copy()
    for column in range(filled.shape[1]):
        filled[:, column] = np.interp(frames, frames[seen], filled[seen, column])
    return filled.reshape(lips.shape)


def moves(lips: NDArray[np.float32]) -> bool:
    """Whether lips (num_frames, 88, 2) move at all."""
    return len(lips) > 1 and float((lips - lips.mean(axis=1, keepdims=True)).std(axis=0).mean()) > (
        MIN_MOVEMENT
    )


def sounds(waveform: NDArray[np.float32]) -> bool:
    """Whether anything is heard."""
    return len(waveform) > 0 and float(np.sqrt(np.mean(waveform**2))) > MIN_LOUDNESS
