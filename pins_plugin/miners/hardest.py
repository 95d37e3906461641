"""The hardest negatives."""

import torch
from torch import Tensor

from pins_plugin.miners.candidates import highest_candidate, mask_disallowed


class HardestMiner:
    """Take the most similar candidate that is not the anchor's partner."""

    @torch.no_grad()
    def __call__(
        self, similarities: Tensor, hardness: float = 1.0, allowed: Tensor | None = None
    ) -> Tensor:
        """Choose one negative per row, as `CurriculumMiner` does; `hardness` is not used."""
        return highest_candidate(mask_disallowed(similarities, allowed, -torch.inf))
