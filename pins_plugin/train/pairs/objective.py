"""What training minimizes: a loss over the pairs of the global batch, easy ones first where it mines."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from pins_plugin.train.pairs.gather import gather_with_gradient


class PairObjective(nn.Module):
    """Gather the embeddings of all processes and compare them.

    Parameters
    ----------
    loss : nn.Module
        `MultiwayMatchingLoss`, `MinedContrastiveLoss`, ...: two (batch, embedding_dim) Tensors to () Tensor.
    schedule : callable, optional
        Hardness by epoch (from 0), such as `miners.schedule.HardnessSchedule`, for a loss that mines; it is then passed on as `hardness`.
    """

    def __init__(self, loss: nn.Module, schedule: Callable[[int], float] | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.schedule = schedule
        self.hardness: float | None = None
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Set the hardness of this epoch, counted from 0."""
        if self.schedule is not None:
            self.hardness = self.schedule(epoch)

    @property
    def costly_share(self) -> float | None:
        """Share of the last batch's negatives that the contrastive loss could learn from."""
        share = getattr(getattr(self.loss, "loss", None), "costly_share", None)
        return None if share is None else float(share)

    def forward(self, face_embeddings: Tensor, voice_embeddings: Tensor) -> Tensor:
        """Compare (batch, embedding_dim) embeddings, of which row i of both belongs together: () loss."""
        options = {} if self.hardness is None else {"hardness": self.hardness}
        with torch.autocast(face_embeddings.device.type, enabled=False):
            faces = gather_with_gradient(face_embeddings.float())
            voices = gather_with_gradient(voice_embeddings.float())
            return self.loss(faces, voices, **options)
