"""The learning rate over a training run."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class OneCycle:
    """Rise linearly, then fall along half a cosine.

    Parameters
    ----------
    peak : float
        Highest learning rate.
    warmup : float
        Share of the run that it rises.
    end : float
        Share of the peak that is left at the end.
    start : float
        Share of the peak that it rises from.

    Examples
    --------
    >>> rate = OneCycle(peak=1.0, warmup=0.2, end=0.0)
    >>> [round(rate(progress), 2) for progress in (0.1, 0.2, 0.6, 1.0)]
    [0.5, 1.0, 0.5, 0.0]
    """

    peak: float
    warmup: float = 0.05
    end: float = 0.02
    start: float = 0.0

    def __call__(self, progress: float) -> float:
        """Learning rate when the share `progress` of the run is over."""
        if progress < self.warmup:
            return self.peak * max(self.start + (1 - self.start) * progress / self.warmup, 1e-3)
        fall = min(1.0, (progress - self.warmup) / (1 - self.warmup))
        return self.peak * (self.end + (1 - self.end) * (1 + math.cos(math.pi * fall)) / 2)


def lips_cycle(peak: float) -> OneCycle:
    """One cycle as all networks that look at lips are trained with (chosen, not measured)."""
    return OneCycle(peak, warmup=0.2, end=1e-4, start=0.04)


@dataclass(frozen=True)
class Triangle:
    """Rise linearly, and fall linearly to nothing over the whole run: at each moment the lesser of the two.

    Parameters
    ----------
    warmup : float
        Share of the run that it rises.

    Examples
    --------
    >>> rate = Triangle(peak=2.0, warmup=0.1)
    >>> [round(rate(progress), 2) for progress in (0.05, 0.1, 0.5, 1.0)]
    [1.0, 1.8, 1.0, 0.0]
    """

    peak: float
    warmup: float

    def __call__(self, progress: float) -> float:
        """Learning rate when the share `progress` of the run is over."""
        return self.peak * min(1.0, progress / self.warmup, 1 - progress)
