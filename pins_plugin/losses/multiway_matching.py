"""Multiway matching: find the partner among all candidates of the batch."""

import torch
from torch import Tensor, nn

from pins_plugin.errors import PinsError
from pins_plugin.losses.checks import check_pair
from pins_plugin.losses.paired_softmax import LARGEST_SCALE, paired_cross_entropy

SMALLEST_SCALE = 1e-6


class MultiwayMatchingLoss(nn.Module):
    r"""Cross-entropy over candidates with the true partner as the class (Perfect Match; InfoNCE).

        L = -log( e^s(f_i, v_i) / sum_j e^s(f_i, v_j) ),    s = scale * cosine + bias

    The candidates are the rows of the second-last dimension. For *identity*, pass (batch, embedding_dim): other
    clips. For *synchronization*, pass (batch, num_frames, embedding_dim): other times of the same clip, so
    that the person cancels out.

    Parameters
    ----------
    scale, bias : float
        Starting values ("Perfect Match", Chung et al. 2019, section 2.3, and its public trainer). The
        bias cancels out in this softmax; it counts where `logits` are read as evidence.
    learnable : bool
        Whether scale and bias are trained.

    Examples
    --------
    Two clips whose embeddings stand at right angles: -log(e / (e + 1)).

    >>> round(MultiwayMatchingLoss(scale=1.0)(torch.eye(2), torch.eye(2)).item(), 4)
    0.3133
    """

    def __init__(self, scale: float = 10.0, bias: float = -5.0, learnable: bool = True) -> None:
        super().__init__()
        if scale <= 0:
            raise PinsError(f"scale: expected a positive number, got {scale}")
        self.scale = nn.Parameter(torch.tensor(float(scale)), requires_grad=learnable)
        self.bias = nn.Parameter(torch.tensor(float(bias)), requires_grad=learnable)

    def logits(self, first: Tensor, second: Tensor) -> Tensor:
        """Scaled and shifted cosine (..., batch, batch) of unit-length embeddings (..., batch, embedding_dim)."""
        scale = self.scale.clamp(min=SMALLEST_SCALE)
        return (scale * first) @ second.mT + self.bias

    def forward(
        self, face_embeddings: Tensor, voice_embeddings: Tensor, allowed: Tensor | None = None
    ) -> Tensor:
        """Average over anchors of both modalities.

        Parameters
        ----------
        face_embeddings, voice_embeddings : (..., batch, embedding_dim) Tensor
            Row i of both belongs together.
        allowed : (..., batch, batch) bool Tensor, optional
            False where voice j must not count against face i, such as another clip of the same person. The
            diagonal always counts.

        Returns
        -------
        loss : () Tensor
        """
        faces, voices = check_pair(face_embeddings, voice_embeddings)
        if allowed is None and self.scale.item() <= LARGEST_SCALE:
            both = paired_cross_entropy(faces, voices, self.scale.clamp(min=SMALLEST_SCALE))
            # the bias cancels out; its gradient of zero keeps distributed training content
            return torch.stack(both).mean() + 0.0 * self.bias
        return self.match(faces, voices, allowed)

    def match(self, faces: Tensor, voices: Tensor, allowed: Tensor | None) -> Tensor:
        """Average over anchors of both modalities, of unit-length embeddings; parameters as in `forward`."""
        logits = self.logits(faces, voices)  # (..., batch, batch)
        partners = logits.diagonal(dim1=-2, dim2=-1)  # (..., batch)
        logits = keep_allowed(logits, allowed)
        swapped = None if allowed is None else allowed.mT
        of_faces = self.denominator(logits.logsumexp(dim=-1), faces, "face", allowed)
        of_voices = self.denominator(logits.logsumexp(dim=-2), voices, "voice", swapped)
        return torch.stack([(of_faces - partners).mean(), (of_voices - partners).mean()]).mean()

    def denominator(
        self, total: Tensor, anchors: Tensor, modality: str, allowed: Tensor | None
    ) -> Tensor:
        """Logarithm of what a partner is divided by, (..., batch): `total`, that of all candidates."""
        return total


def keep_allowed(logits: Tensor, allowed: Tensor | None) -> Tensor:
    """Take candidates that are not allowed out of the softmax; the diagonal stays."""
    if allowed is None:
        return logits
    own = torch.eye(logits.shape[-1], dtype=torch.bool, device=logits.device)
    return logits.masked_fill(~(allowed | own), -torch.inf)
