"""How late the sound of a whole file comes: the evidence of all faces and shots, summed.

A face is cut into pieces of some seconds. In each it speaks (with probability `speaks`) or not. With E_i(k) the evidence of
piece i for an offset of k frames, `frame_weight` times the sum of its similarities at k less their mean over all offsets (at large
offsets some frames have no sound: they add nothing), and Z_i(k) the mean of exp E_i over offsets away from k, which is what chance
would give,

    log p(k) = log prior(k) + sum_i log(1 - speaks + speaks min(exp(E_i(k)) / Z_i(k), exp LARGEST_RATIO))

so that silent faces and listeners take little away, and no single piece outweighs many others. What the answer is worth is then
calibrated on people whom the model does not know, some of them with somebody else's sound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.models.folder.model_folder import PRETRAINED, read_hyperparams

# No recipe learns these; what the answer is worth is then learnt with them as they are (`offset_calibration`).
PIECE = 125  # frames, 5 s; chosen, not measured
MIN_FRAMES = 8  # of a piece, and of a file; chosen, not measured
# Frames; of the prior: exp(-|k| / SPREAD) + PRIOR_FLOOR; chosen, not measured
SPREAD, PRIOR_FLOOR = 6.0, 0.05
# Of the frames that must have sound at an offset for its similarity to count; chosen, not measured
MIN_HEARD = 0.3
NEAR = 2  # frames around the best offset that are no rivals; chosen, not measured
LARGEST_RATIO = 8.0  # nats that one piece can say; chosen, not measured
# Frames that faces must be seen for before it is said that the sound is not theirs; chosen, not measured
FOREIGN_FRAMES = 50
TINY = 1e-300  # near the least float64, keeps logarithms finite
LARGEST_ODDS = 12.0  # nats, of a probability of 6e-6; chosen, not measured


@dataclass(frozen=True)
class OffsetCalibration:
    """Numbers of one model, kept in its `hyperparams.yaml`, and what they were learnt on beside them.

    Parameters
    ----------
    frame_weight : float
        Nats for each unit of similarity and frame.
    speaks : float
        Probability that a face speaks in a piece in which somebody does.
    right, own : tuple of 5 floats
        Logistic weights of the probability that an offset is right, and that the sound belongs to the faces at all: bias, and
        the columns of `OffsetEvidence.features`.
    least, foreign : float
        Probability of being right from which on an answer is given, and that the sound belongs to the faces, up to which it is
        said that it does not.
    """

    frame_weight: float
    speaks: float
    right: tuple[float, ...]
    own: tuple[float, ...]
    least: float
    foreign: float

    @classmethod
    def shipped(cls) -> "OffsetCalibration":
        """Read those of the `sync` that ships, which stand in for a model that brings none."""
        return cls.from_settings(read_hyperparams(PRETRAINED / "sync").settings["file_calibration"])

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> "OffsetCalibration":
        """Read a model folder's settings; ValueError, TypeError or KeyError where they are others."""
        numbers = {
            name: float(values[name]) for name in ("frame_weight", "speaks", "least", "foreign")
        }
        right, own = (tuple(map(float, values[name])) for name in ("right", "own"))
        if len(right) != 5 or len(own) != 5:
            raise ValueError(
                f"right, own: expected 5 weights each, got {len(right)} and {len(own)}"
            )
        return cls(right=right, own=own, **numbers)

    def judge(self, found: "OffsetEvidence") -> tuple[float, bool, bool]:
        """Tell how probably an offset is right, whether that is answer enough, else whether the sound is somebody else's."""
        confidence = logistic(self.right, found.features)
        if confidence >= self.least:
            return confidence, True, False
        long = found.num_frames >= FOREIGN_FRAMES
        return confidence, False, long and logistic(self.own, found.features) <= self.foreign


@dataclass(frozen=True, eq=False)
class OffsetEvidence:
    """What the faces of a file say of its offset.

    Parameters
    ----------
    offset, fraction : int, float
        The most probable one, in frames, and what is to be added to it by the shape of the peak.
    posterior : (num_offsets,) array
        Probability of each offset.
    features : (4,) array
        Log-odds of the offset within one frame; by how much its similarity beats the best of others, both less the mean of
        others and times the root of the number of frames; that similarity; logarithm of the number of pieces (chance peaks
        somewhere in many).
    num_frames : int
        In which lips are seen and sound is heard.
    speaking : (num_pieces,) array
        Probability of each piece that its face speaks, at that offset.
    """

    offset: int
    fraction: float
    posterior: NDArray[np.float64]
    features: NDArray[np.float64]
    num_frames: int
    speaking: NDArray[np.float64]


def cut_pieces(similarities: Sequence[NDArray[np.floating]]) -> list[NDArray[np.floating]]:
    """Cut (num_frames, num_offsets) arrays into pieces of at most `PIECE` frames; those that say nothing are left out."""
    pieces = []
    for each in similarities:
        parts = np.array_split(each, max(1, -(-len(each) // PIECE)))
        pieces += [part for part in parts if np.isfinite(part).any(axis=1).sum() >= MIN_FRAMES]
    return pieces


def sum_evidence(
    similarities: Sequence[NDArray[np.floating]], calibration: OffsetCalibration
) -> OffsetEvidence | None:
    """Sum the evidence of the faces of one file; None where they say nothing.

    `similarities` are (num_frames, num_offsets) arrays of each face, NaN where there is no face, or no sound.
    """
    pieces = cut_pieces(similarities)
    if not pieces:
        return None
    num_frames = sum(int(np.isfinite(piece).any(axis=1).sum()) for piece in pieces)
    sums = np.stack([np.nansum(piece, axis=0, dtype=np.float64) for piece in pieces])
    counts = np.stack([np.isfinite(piece).sum(axis=0) for piece in pieces])
    known = counts >= np.maximum(1, counts.max(axis=1, keepdims=True)) / 2  # enough sound there
    means = np.where(known, sums / np.maximum(counts, 1), np.nan)
    evidence = calibration.frame_weight * (sums - counts * np.nanmean(means, axis=1, keepdims=True))
    evidence[~known] = np.nan  # (num_pieces, num_offsets)
    ratios = _ratios(evidence)  # (num_pieces, num_offsets)
    speaks = calibration.speaks
    middle = evidence.shape[1] // 2
    total = log_prior(evidence.shape[1]) + np.log(1 - speaks + speaks * ratios).sum(axis=0)
    total[~np.isfinite(evidence).any(axis=0)] = -np.inf  # no sound there
    posterior = np.exp(total - total.max())
    posterior /= posterior.sum()
    window = np.convolve(posterior, [1, 1, 1], "same")
    center = int(window.argmax())
    near = slice(max(0, center - 1), center + 2)
    best = near.start + int(posterior[near].argmax())
    speaking = speaks * ratios[:, best] / (1 - speaks + speaks * ratios[:, best])
    weights = speaking @ counts  # frames at each offset
    heard = weights >= MIN_HEARD * float(speaking @ counts.max(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        curve = np.where(heard, speaking @ sums / weights, np.nan)
    sure = float(np.clip(window[center], 1e-9, 1 - 1e-9))
    odds = float(np.clip(np.log(sure / (1 - sure)), -LARGEST_ODDS, LARGEST_ODDS))
    margin = _margin(curve, weights, best)
    features = np.array([odds, margin, curve[best], np.log(len(pieces))])
    return OffsetEvidence(best - middle, parabola_peak(curve, best), posterior, features, num_frames, speaking)  # fmt: skip


def log_prior(num_offsets: int) -> NDArray[np.float64]:
    """Logarithm of the prior of each offset: small ones are more usual, none is ruled out."""
    place = np.abs(np.arange(num_offsets) - num_offsets // 2)
    prior = np.exp(-place / SPREAD) + PRIOR_FLOOR
    return np.asarray(np.log(prior / prior.sum()))


def logistic(
    weights: Sequence[float] | NDArray[np.floating], features: NDArray[np.floating]
) -> float:
    """Probability of weights (bias first) for features."""
    value = float(weights[0] + np.dot(weights[1:], features))
    return float(1 / (1 + np.exp(-np.clip(value, -50, 50))))


def parabola_peak(curve: NDArray[np.floating], best: int) -> float:
    """Where between frames the peak lies, in -0.5..0.5."""
    if not 0 < best < len(curve) - 1:
        return 0.0
    before, here, after = curve[best - 1 : best + 2]
    bend = before - 2 * here + after
    if not np.isfinite(bend) or bend >= 0:
        return 0.0
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _margin(curve: NDArray[np.float64], weights: NDArray[np.float64], best: int) -> float:
    """By how much the best offset beats the best one away from it, in units of what a mean of so many frames fluctuates by."""
    far = np.isfinite(curve) & (np.abs(np.arange(len(curve)) - best) > NEAR)
    if not far.any():
        return 0.0
    height = (curve - curve[far].mean()) * np.sqrt(weights)
    return float(height[best] - height[far].max())


def _ratios(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(E(k)) over its mean away from k, at most exp(LARGEST_RATIO); 1 where there is no sound: (num_pieces, num_offsets)."""
    known = np.isfinite(evidence)
    raised = np.nan_to_num(np.exp(evidence - np.nanmax(evidence, axis=1, keepdims=True)))
    place = np.arange(evidence.shape[1])
    away = (np.abs(place[:, None] - place) > NEAR).astype(np.float64)
    chance = raised @ away / np.maximum(known.astype(np.float64) @ away, 1)
    ratios = np.log(np.maximum(raised, TINY)) - np.log(np.maximum(chance, TINY))
    return np.where(known, np.exp(np.minimum(ratios, LARGEST_RATIO)), 1.0)
