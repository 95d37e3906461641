"""The hardest negatives that are still easier than the partner."""

import torch
from torch import Tensor

from pins_plugin.miners.candidates import highest_candidate, mask_disallowed


class SemiHardMiner:
    """Take the most similar candidate that is less similar than the anchor's partner (FaceNet, section 3.2)."""

    @torch.no_grad()
    def __call__(
        self, similarities: Tensor, hardness: float = 1.0, allowed: Tensor | None = None
    ) -> Tensor:
        """Choose one negative per row, as `CurriculumMiner` does; `hardness` is not used."""
        scores = mask_disallowed(similarities, allowed, -torch.inf)
        partners = similarities.detach().float().diagonal().unsqueeze(1)
        return highest_candidate(scores.masked_fill_(scores >= partners, -torch.inf))
