"""What the cosine of a face and a voice is worth: log-likelihood ratio, probability, and when nothing can be told.

Settings of a model folder, under `calibration`, either of

    scale, offset    log ratio = scale * cosine + offset              (fitted by `pins train` on its validation people)
    gain             log ratio = log(1 + gain * cosine)               (models of `losses.likelihood_ratio`)

and `decide_at`: the probability from which on a decision is given; between it and its complement nothing is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pins_plugin.errors import ModelFolderError

# A decision errs in one of five cases at most, where half of all pairs are one person's
DECIDE_AT = 0.8
LARGEST = 0.999  # of a gain; chosen, not measured


@dataclass(frozen=True)
class JointCalibration:
    """From cosines to log-likelihood ratios; `scale` and `offset` are used where `gain` is None.

    Examples
    --------
    A pair that has nothing in common is ruled out; of one that has all in common, nothing follows.

    >>> JointCalibration(gain=0.95).decide(torch.tensor(-1.0)), JointCalibration(gain=0.95).decide(torch.tensor(1.0))
    (False, None)
    """

    scale: float = 1.0
    offset: float = 0.0
    gain: float | None = None
    decide_at: float = DECIDE_AT

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "JointCalibration | None":
        """Read a model folder's settings; None where it has no calibration, ModelFolderError where it is not of this kind."""
        given = settings.get("calibration")
        if not given:
            return None
        try:
            values = {name: float(value) for name, value in dict(given).items()}
            calibration = cls(**values)
            complete = "gain" in values or {"scale", "offset"} <= set(values)
            in_range = 0 <= values.get("gain", 0) <= LARGEST and 0.5 <= calibration.decide_at < 1
            if not (complete and in_range):
                raise ValueError("out of range")
        except (TypeError, ValueError) as error:
            raise ModelFolderError(
                "settings: calibration: expected numbers scale and offset, or a gain in [0, 1), and perhaps decide_at "
                f"in [0.5, 1), got {given!r:.80}"
            ) from error
        return calibration

    def log_ratio(self, similarities: Tensor) -> Tensor:
        """Log-likelihood ratio of "one person" to "two people" (natural logarithm), of cosines of any shape."""
        if self.gain is None:
            return self.scale * similarities + self.offset
        return torch.log1p(self.gain * similarities.clamp(-1, 1))

    def probability(self, similarities: Tensor) -> Tensor:
        """Probability of one person, where half of all pairs are one person's."""
        return torch.sigmoid(self.log_ratio(similarities))

    @property
    def largest_probability(self) -> float:
        """Of one person, at a cosine of 1; below `decide_at`, a model that knows few traits can only rule pairs out."""
        return float(self.probability(torch.tensor(1.0)))

    def decide(self, similarity: Tensor) -> bool | None:
        """Whether it is one person; None where that cannot be told."""
        probability = float(self.probability(similarity))
        if 1 - self.decide_at < probability < self.decide_at:
            return None
        return probability >= 0.5
