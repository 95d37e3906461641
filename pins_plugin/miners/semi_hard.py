"""The hardest negatives that are still easier than the partner."""

import torch
from torch import Tensor

from pins_plugin.miners.candidates import allowed_negatives, highest_allowed


class SemiHardMiner:
    """Take the most similar candidate that is less similar than the anchor's partner (FaceNet, section 3.2)."""

    @torch.no_grad()
    def __call__(
        self, similarities: Tensor, hardness: float = 1.0, allowed: Tensor | None = None
    ) -> Tensor:
        """Choose one negative per row, as `CurriculumMiner` does; `hardness` is not used."""
        similarities = similarities.detach().float()
        easier = similarities < similarities.diagonal().unsqueeze(1)
        return highest_allowed(similarities, allowed_negatives(similarities, allowed) & easier)
