"""How late a person's sound comes and how clearly its lips show, inferred while it is inferred when the person speaks.

The score of lips (`lead_features`, weighted) is normal: around 0 where somebody else speaks or at a wrong offset, around the
person's strength where the person speaks, with variance 1 either way. Strengths differ between people (profiles, small faces,
beards), and dubbed lips have none: strength 0 says nothing, which costs nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

# In standard deviations, 0: lips say nothing; the grid is chosen, not measured
STRENGTHS = np.array([0.0, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0])


def offset_prior(
    num_offsets: int, center: float, spread: float, free: float
) -> NDArray[np.float64]:
    """Log-probability of each offset, (num_offsets,): most footage is nearly in sync, some is not at all.

    Parameters
    ----------
    num_offsets : int
        Odd: as many either way of none.
    center, spread : float
        Mean and standard deviation of how late the sound comes, in frames, where it is nearly in sync.
    free : float
        Share of faces whose sound may come at any offset.

    Examples
    --------
    >>> np.exp(offset_prior(3, 0.0, 0.5, 0.3)).round(2).tolist()
    [0.17, 0.65, 0.17]
    """
    frames = np.arange(num_offsets) - num_offsets // 2
    near = np.exp(-0.5 * ((frames - center) / spread) ** 2)
    return np.log((1 - free) * near / near.sum() + free / num_offsets)


@dataclass(frozen=True, eq=False)
class LipsBelief:
    """What is believed of one person's lips."""

    offsets: NDArray[np.float64]  # (num_offsets,) probability of each
    ratios: NDArray[np.float64]  # (num_frames,) log-likelihood ratio that the person speaks
    readable: float  # probability that the lips show anything
    evidence: float  # logarithm of the mean likelihood ratio over offsets and strengths
    divergence: float  # of the belief from the prior, in nats


@dataclass(frozen=True, eq=False)
class LipsModel:
    """Prior of offsets and strengths."""

    readable: float  # probability that a person's lips show anything
    median: float  # of the strength of lips that do (log-normal)
    spread: float  # of its logarithm
    trust: float  # how much of an independent observation each step is
    log_offsets: NDArray[np.float64] | None = None  # see `offset_prior`; all alike when not given

    @property
    def log_prior(self) -> NDArray[np.float64]:
        """Log-probability of each strength, (num_strengths,)."""
        bumps = -0.5 * (np.log(STRENGTHS[1:] / self.median) / self.spread) ** 2
        return np.concatenate(
            [[np.log1p(-self.readable)], np.log(self.readable) + bumps - logsumexp(bumps)]
        )

    def infer(self, scores: NDArray[np.float64], speaking: NDArray[np.float64]) -> LipsBelief:
        """Update the belief about one person.

        Parameters
        ----------
        scores : (num_steps, num_offsets) float64 array
            0 where nothing can be said.
        speaking : (num_steps,) float64 array
            Probability that the person speaks.
        """
        offsets = self.log_offsets
        if offsets is None:
            offsets = np.full(scores.shape[1], -np.log(scores.shape[1]))
        sums = speaking @ scores  # (num_offsets,)
        number = (scores != 0).T @ speaking
        gains = self.trust * (
            sums[:, None] * STRENGTHS - 0.5 * number[:, None] * STRENGTHS**2
        )  # (num_offsets, num_strengths)
        prior = self.log_prior + offsets[:, None]
        joint = gains + prior
        evidence = float(logsumexp(joint))
        weights = np.exp(joint - evidence)
        ratios = scores @ (weights @ STRENGTHS) - 0.5 * (scores != 0) @ (weights @ STRENGTHS**2)
        divergence = float((weights * (joint - evidence - prior)).sum())
        return LipsBelief(
            weights.sum(axis=1), ratios, float(1 - weights[:, 0].sum()), evidence, divergence
        )
