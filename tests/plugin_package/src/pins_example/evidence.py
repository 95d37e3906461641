"""Evidence that always says the same: a little in favor."""

from typing import Any

import numpy as np


class CoinEvidence:
    """A log-likelihood ratio of 0.25 for every face at any time."""

    name = "coin"

    def __init__(self, crops: Any, waveform: Any, offset_of: Any) -> None:
        pass

    def measure(self, track: str, start: float, end: float) -> np.ndarray:
        """Log-likelihood ratios, which are added up."""
        return np.array([0.25])
