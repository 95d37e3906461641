"""Do lips and sound fit? The synchronization model, frame by frame and offset by offset.

Sound and picture are seldom aligned to the frame: re-encoding, cutting and cameras shift them by a constant, which differs
between the sources of an edited video. So lips are compared with the sound at each offset; which one is right is inferred
with everything else (`lips_model`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.tracking.crops import Crops

RATE = 25.0  # Hz, of the model's frames
MAX_OFFSET = 17  # frames, either way, 0.68 s; chosen, not measured
NUM_OFFSETS = 2 * MAX_OFFSET + 1
STRETCH = 60.0  # seconds of a face that are encoded at once: bounds memory; chosen, not measured
LAP = 1.0  # seconds that are looked at beyond both ends: more than MAX_OFFSET
# Frames: offsets this close to a person's own count as aligned, as the synchronizer's `TOLERANCE`
NEAR = 1
FAR = 4  # frames: offsets from here on serve as comparison; chosen, not measured
MIN_FRAMES = 8  # frames, 0.32 s, below which nothing is said; chosen, not measured
HALF_WINDOW = 0.5  # seconds, of what is judged around a moment; chosen, not measured
MIN_PRESENCE = 0.0  # logit of "this crop shows a face": even odds


class TrackCurves(NamedTuple):
    """How well the lips of one track fit the sound, frame by frame and offset by offset."""

    times: NDArray[np.float64]  # (num_frames,) seconds
    similarities: NDArray[np.float32]  # (num_frames, num_offsets)


def compare_track(
    crop: Crops, waveform: NDArray[np.float32], synchronizer: Synchronizer
) -> TrackCurves:
    """Run the synchronizer over one usable track, a minute at a time: two hours of one face would not fit into memory.

    `waveform` (num_samples,) is at 16 kHz.
    """
    times, similarities = [], []
    for start in np.arange(crop.times[0], crop.times[-1] + 1e-6, STRETCH):
        end = start + STRETCH
        near = slice(*np.searchsorted(crop.times, [start - LAP, end + LAP]))
        features = synchronizer.features(
            crop.lips[near], crop.times[near], waveform, max_offset=MAX_OFFSET
        )
        inside = slice(*np.searchsorted(features.times, [start, end]))
        times.append(features.times[inside])
        similarities.append(features.similarities[inside])
    return TrackCurves(np.concatenate(times), np.concatenate(similarities))


def lead_features(curves: TrackCurves, times: NDArray[np.float64]) -> NDArray[np.float32]:
    """How well lips fit the sound at moments of the sound, for each offset that it may have.

    Means over `HALF_WINDOW` seconds before and after: similarity at the offset, its lead over the mean of offsets far from
    it, and over the best of those. A face that makes the sound shows a clear peak; one that merely moves fits at other
    offsets as well.

    Parameters
    ----------
    times : (num_times,) float64 array
        In seconds of the sound.

    Returns
    -------
    features : (num_times, NUM_OFFSETS, 3) float32 array
        NaN where nothing can be said.
    """
    leads = _leads(_smooth(curves))
    features = np.full((len(times), NUM_OFFSETS, 3), np.nan, np.float32)
    if not len(curves.times):
        return features
    for offset in range(NUM_OFFSETS):
        lips = times - (offset - MAX_OFFSET) / RATE
        rows = np.clip(np.searchsorted(curves.times, lips), 0, len(curves.times) - 1)
        inside = (lips >= curves.times[0] - 0.5 / RATE) & (lips <= curves.times[-1] + 1.5 / RATE)
        features[inside, offset] = leads[rows[inside], offset]
    return features


def _smooth(curves: TrackCurves) -> NDArray[np.float64]:
    """Mean similarity around each frame, (num_frames, num_offsets)."""
    times, similarities = curves
    known = np.isfinite(similarities)
    sums, counts = _running_sum(np.where(known, similarities, 0.0)), _running_sum(known)
    first, last = np.searchsorted(times, [times - HALF_WINDOW - 1e-6, times + HALF_WINDOW + 1e-6])
    number = counts[last] - counts[first]
    means = (sums[last] - sums[first]) / np.maximum(number, 1)
    return np.where(number >= MIN_FRAMES, means, np.nan)


def _leads(curves: NDArray[np.float64]) -> NDArray[np.float32]:
    """Similarity at each offset and its two leads, (num_frames, num_offsets, 3)."""
    known = np.isfinite(curves)
    filled = np.where(known, curves, 0.0)
    lowest = np.where(known, curves, -np.inf)
    total, number = filled.sum(axis=1), known.sum(axis=1)
    leads = np.empty((*curves.shape, 3), np.float32)
    for offset in range(curves.shape[1]):
        near = slice(max(0, offset - NEAR), offset + NEAR + 1)
        around = slice(max(0, offset - FAR + 1), offset + FAR)
        now = lowest[:, near].max(axis=1)
        count = np.maximum(number - known[:, around].sum(axis=1), 1)
        mean = (total - filled[:, around].sum(axis=1)) / count
        best = np.maximum(
            lowest[:, : around.start].max(axis=1, initial=-np.inf),
            lowest[:, around.stop :].max(axis=1, initial=-np.inf),
        )
        with np.errstate(invalid="ignore"):
            leads[:, offset] = np.stack([now, now - mean, now - best], axis=1)
    leads[~np.isfinite(leads).all(axis=2)] = np.nan
    return leads


def is_usable(crop: Crops) -> bool:
    """Whether a track has enough frames that show a face."""
    return len(crop.lips) >= MIN_FRAMES and float(np.median(crop.presence)) > MIN_PRESENCE


def _running_sum(values: NDArray) -> NDArray[np.float64]:
    """Sum of the rows before each row, and of all: (num_rows + 1, num_columns)."""
    return np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
