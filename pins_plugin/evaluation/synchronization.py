"""The offset protocol: slide within +-15 frames; right when within one frame (Chung and Zisserman, 2016).

The evidence of a window is the mean similarity of its frames, as in "Perfect Match" (Chung et al. 2019).
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pins_plugin.similarity import average_windows, offset_similarities

MAX_OFFSET = 15
CHANCE = 3 / 31
WINDOW_LENGTHS = (15, 25, 50, 100)  # frames: 0.6, 1, 2 and 4 s


def offset_accuracy(
    lip_features: Tensor,
    sound_features: Tensor,
    window_lengths: Sequence[int] = WINDOW_LENGTHS,
    stride: int = 5,
) -> dict[int, NDArray[np.bool_]]:
    """Judge every window of a clip that is in sync.

    Parameters
    ----------
    lip_features, sound_features : (num_frames, embedding_dim) Tensor
        On one clock. Offsets that would need sound beyond the clip are judged by what is there.
    window_lengths : sequence of int
        In frames; those longer than the clip are left out.
    stride : int
        From window to window, in frames.

    Returns
    -------
    right : dict of int to (num_windows,) bool array
    """
    similarities = offset_similarities(lip_features, sound_features, MAX_OFFSET)
    right = {}
    for length in window_lengths:
        if length <= len(similarities):
            means = average_windows(similarities, length)[::stride].nan_to_num(-torch.inf)
            right[length] = ((means.argmax(dim=1) - MAX_OFFSET).abs() <= 1).numpy()
    return right


def energy_baseline(lips: NDArray[np.floating], spectrogram: Tensor) -> tuple[Tensor, Tensor]:
    """One-dimensional features whose product is high when the mouth is open while it is loud.

    Parameters
    ----------
    lips : (num_frames, 88, 2) array
        See `tracking.crops.Crops.lips`.
    spectrogram : (num_bins, 4 num_frames) Tensor
        Log-mel bands.

    Returns
    -------
    opening, loudness : (num_frames, 1) Tensor
        Standardized over the clip.
    """
    opening = torch.as_tensor(lips[:, 23:28, 1] - lips[:, 33:38, 1]).float().mean(dim=1)
    loudness = spectrogram.mean(dim=0).reshape(-1, 4).mean(dim=1)
    return _standardize(opening)[:, None], _standardize(loudness)[:, None]


def accuracy_by_person(
    clips: Iterable[tuple[str, Tensor, Tensor]],
    judge: Callable[[Tensor, Tensor], dict[int, NDArray[np.bool_]]] = offset_accuracy,
) -> dict[str, dict[int, tuple[float, int]]]:
    """Share of right windows per person and window length, with the number of windows.

    Parameters
    ----------
    clips : iterable of (person, lip_features, sound_features)
    """
    found: dict[str, dict[int, list[NDArray[np.bool_]]]] = {}
    for person, lip_features, sound_features in clips:
        for length, right in judge(lip_features, sound_features).items():
            found.setdefault(person, {}).setdefault(length, []).append(right)
    return {
        person: {
            length: (float(np.concatenate(right).mean()), sum(map(len, right)))
            for length, right in lengths.items()
        }
        for person, lengths in found.items()
    }


def _standardize(values: Tensor) -> Tensor:
    return (values - values.mean()) / values.std().clamp(min=1e-6)
