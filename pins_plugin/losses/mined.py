"""A loss and its miner in one objective."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from pins_plugin.losses.checks import check_pair
from pins_plugin.losses.contrastive import ContrastiveLoss

Miner = Callable[..., Tensor]
"""``miner(similarities, hardness, allowed) -> negatives``; see `pins_plugin.miners`."""


class MinedContrastiveLoss(nn.Module):
    """Contrastive loss whose negatives a miner picks in the batch: voices for each face, and faces for each voice.

    Parameters
    ----------
    miner : callable
        Such as `CurriculumMiner()`.
    """

    def __init__(self, loss: ContrastiveLoss, miner: Miner) -> None:
        super().__init__()
        self.loss = loss
        self.miner = miner

    def forward(
        self,
        face_embeddings: Tensor,
        voice_embeddings: Tensor,
        hardness: float = 1.0,
        allowed: Tensor | None = None,
    ) -> Tensor:
        """Mine, then average.

        Parameters
        ----------
        face_embeddings, voice_embeddings : (batch, embedding_dim) Tensor
            Row i of both belongs together.
        hardness : float
            In [0, 1], as a `HardnessSchedule` gives it.
        allowed : (batch, batch) bool Tensor, optional
            False where voice j is no negative of face i.

        Returns
        -------
        loss : () Tensor
        """
        faces, voices = check_pair(face_embeddings, voice_embeddings, num_dims=2)
        with torch.no_grad():
            similarities = faces @ voices.T  # (batch, batch)
            voice_negatives = self.miner(similarities, hardness, allowed)
            swapped = None if allowed is None else allowed.T
            face_negatives = self.miner(similarities.T, hardness, swapped)
        return self.loss(faces, voices, voice_negatives, face_negatives)
