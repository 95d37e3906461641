"""Talking against resting mouths in windows of half a second: area under the ROC curve, people drawn with replacement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.training.talking_clips import RESTS, TalkingClip, bridge
from pins_plugin.evaluation.mouth_motion import lip_gap
from pins_plugin.metrics.bootstrap import bootstrap_interval
from pins_plugin.metrics.verification import roc_auc

WINDOW_FRAMES, STRIDE = 13, 4  # frames
LEAST_SEEN = 0.5  # share of a window
NUM_LIP_POINTS = 80


@dataclass(frozen=True, eq=False)
class TalkingWindows:
    """Windows with one label all through.

    Parameters
    ----------
    people : tuple of str
        Of each window.
    talking : (num_windows,) bool array
    scores : (num_windows,) float64 array
        Larger: talks.
    """

    people: tuple[str, ...]
    talking: NDArray[np.bool_]
    scores: NDArray[np.float64]


def score_windows(
    clips: Sequence[TalkingClip], scores: Sequence[NDArray[np.floating]], spread: bool = False
) -> TalkingWindows:
    """Average frame scores over windows whose frames are all labeled alike.

    Parameters
    ----------
    scores : sequence of (num_frames,) arrays
        One per clip.
    spread : bool
        Take the standard deviation over the window instead of the mean.
    """
    people, talking, values = [], [], []
    for clip, frames in zip(clips, scores, strict=True):
        for window in labeled_windows(clip):
            people.append(clip.person)
            talking.append(clip.talking[window][0] != RESTS)
            values.append(frames[window].std() if spread else frames[window].mean())
    return TalkingWindows(tuple(people), np.array(talking, bool), np.array(values, np.float64))


def labeled_windows(clip: TalkingClip) -> Iterator[slice]:
    """Windows whose frames have one known label and are mostly seen."""
    seen = np.asarray(np.isfinite(clip.lips).all(axis=(1, 2)))
    for start in range(0, len(clip.talking) - WINDOW_FRAMES + 1, STRIDE):
        window = slice(start, start + WINDOW_FRAMES)
        labels = clip.talking[window]
        if labels[0] >= 0 and (labels == labels[0]).all() and seen[window].mean() >= LEAST_SEEN:
            yield window


def talking_auc(
    windows: TalkingWindows, generator: np.random.Generator
) -> tuple[float, tuple[float, float]]:
    """Probability that a talking window scores higher than a resting one, and its 95 % interval over people.

    Parameters
    ----------
    windows : TalkingWindows
        Of both kinds.

    Returns
    -------
    auc : float
    interval : (low, high)
    """
    names = sorted(set(windows.people))
    labels = np.array([names.index(person) for person in windows.people])

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return roc_auc(windows.scores, windows.talking, weights=counts[:, labels])

    low, high = bootstrap_interval(statistic, len(names), generator=generator)
    return float(roc_auc(windows.scores, windows.talking)), (float(low), float(high))


def shares_right(windows: TalkingWindows) -> dict[bool, list[float]]:
    """For talk (True) and rest (False): of each person's windows, the share on the right side of 0."""
    found: dict[bool, dict[str, list[bool]]] = {True: {}, False: {}}
    for person, talks, score in zip(
        windows.people, windows.talking.tolist(), windows.scores, strict=True
    ):
        found[talks].setdefault(person, []).append((score > 0) == talks)
    return {
        talks: [float(np.mean(right)) for right in people.values()]
        for talks, people in found.items()
    }


def mouth_opening(clip: TalkingClip) -> NDArray[np.float32]:
    """Gap between the lips, (num_frames,), the distance between the eyes as unit; its variation is a plain baseline."""
    return lip_gap(bridge(clip.lips)[0])


def motion_energy(clip: TalkingClip) -> NDArray[np.float32]:
    """How far the lips move from frame to frame around their center, (num_frames,); another plain baseline."""
    lips = bridge(clip.lips)[0][:, :NUM_LIP_POINTS]
    centered = lips - lips.mean(axis=1, keepdims=True)
    moved = np.diff(centered, axis=0, prepend=centered[:1])
    return np.sqrt((moved**2).mean(axis=(1, 2)))
