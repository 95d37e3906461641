"""Random negatives."""

import torch
from torch import Tensor

from pins_plugin.miners.candidates import highest_candidate, mask_disallowed


class RandomMiner:
    """Take any other candidate, each with the same probability.

    Parameters
    ----------
    generator : torch.Generator, optional
        Source of randomness, on the device of the similarities.
    """

    def __init__(self, generator: torch.Generator | None = None) -> None:
        self.generator = generator

    @torch.no_grad()
    def __call__(
        self, similarities: Tensor, hardness: float = 1.0, allowed: Tensor | None = None
    ) -> Tensor:
        """Choose one negative per row, as `CurriculumMiner` does; `hardness` is not used."""
        device = similarities.device
        scores = torch.rand(similarities.shape, generator=self.generator, device=device)
        return highest_candidate(mask_disallowed(scores, allowed, -torch.inf))
