"""Contrastive loss: partners near, negatives at least a margin away."""

import torch
from torch import Tensor, nn

from pins_plugin.errors import PinsError, ShapeError
from pins_plugin.losses.checks import check_pair

# Keeps the gradient of a distance finite where two embeddings meet.
SMALLEST_SQUARED_DISTANCE = 1e-6


class ContrastiveLoss(nn.Module):
    r"""Contrastive loss of paired unit-length embeddings (Learnable PINs, section 3.2).

    With the Euclidean distance `d` between unit vectors, a positive pair costs `max(0, d - p)^2` and a negative
    pair `max(0, m - d)^2`; both kinds weigh the same. The paper has p = 0: partners are to
    coincide, which those whom nothing in a voice gives away never can. Of two margins, as in the `ContrastiveLoss` of
    pytorch-metric-learning, the first leaves alone what is near enough.

    Parameters
    ----------
    margin : float
        m, in (0, 2]; the paper's 0.6 collapses easily from scratch, 1.2 does not.
    positive_margin : float
        p, in [0, margin).
    only_costly : bool
        Average over the pairs that cost something, so that they weigh as much when they have become few.

    Examples
    --------
    Partners coincide; the negatives stand at a right angle, further than the margin.

    >>> embeddings = torch.eye(2)
    >>> ContrastiveLoss(margin=0.6)(embeddings, embeddings, torch.tensor([1, 0])).item()
    0.0
    """

    def __init__(
        self, margin: float = 0.6, positive_margin: float = 0.0, only_costly: bool = False
    ) -> None:
        super().__init__()
        if not 0.0 < margin <= 2.0:
            raise PinsError(
                f"margin: expected a distance in (0, 2] between unit vectors, got {margin}"
            )
        if not 0.0 <= positive_margin < margin:
            raise PinsError(
                f"positive_margin: expected a distance in [0, {margin}), got {positive_margin}"
            )
        self.margin = margin
        self.positive_margin = positive_margin
        self.only_costly = only_costly
        self.costly_share: Tensor | None = None
        """Share of the last batch's negatives that were nearer than the margin: the others teach nothing."""

    def forward(
        self,
        face_embeddings: Tensor,
        voice_embeddings: Tensor,
        voice_negatives: Tensor,
        face_negatives: Tensor | None = None,
    ) -> Tensor:
        """Average over positive pairs, over negative pairs, and over both means.

        Parameters
        ----------
        face_embeddings, voice_embeddings : (batch, embedding_dim) Tensor
            Row i of both belongs together.
        voice_negatives : (batch,) int64 Tensor or (batch, batch) bool Tensor
            What a miner chose among the voices for each face: one column (-1 for none), or all that are True.
        face_negatives : (batch,) int64 Tensor or (batch, batch) bool Tensor, optional
            The same among the faces for each voice.

        Returns
        -------
        loss : () Tensor
        """
        faces, voices = check_pair(face_embeddings, voice_embeddings, num_dims=2)
        positive = self._positive(_row_distances(faces, voices))  # (batch,)
        total, count, costly = self._negatives(faces, voices, voice_negatives)
        if face_negatives is not None:
            more, more_count, more_costly = self._negatives(voices, faces, face_negatives)
            total, count, costly = total + more, count + more_count, costly + more_costly
        self.costly_share = costly / count.clamp(min=1)
        partners = torch.full_like(count, len(positive))
        if self.only_costly:
            partners, count = positive.detach().count_nonzero(), costly
        return (positive.sum() / partners.clamp(min=1) + total / count.clamp(min=1)) / 2

    def _positive(self, squared_distances: Tensor) -> Tensor:
        if not self.positive_margin:
            return squared_distances
        return (_root(squared_distances) - self.positive_margin).clamp(min=0).square()

    def _negative(self, squared_distances: Tensor) -> Tensor:
        return (self.margin - _root(squared_distances)).clamp(min=0).square()

    def _negatives(
        self, anchors: Tensor, candidates: Tensor, negatives: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Sum of the negative pairs' costs, their number, and how many cost something."""
        batch = len(anchors)
        if negatives.dtype == torch.bool and negatives.shape == (batch, batch):
            costs = self._negative(2 - 2 * anchors @ candidates.T) * negatives
            return costs.sum(), negatives.sum(), costs.detach().count_nonzero()
        if negatives.dtype == torch.int64 and negatives.shape == (batch,):
            chosen = negatives >= 0
            costs = self._negative(_row_distances(anchors, candidates[negatives.clamp(min=0)]))
            costs = costs * chosen
            return costs.sum(), chosen.sum(), costs.detach().count_nonzero()
        raise ShapeError(
            f"negatives: expected int64 ({batch},) or bool ({batch}, {batch}), "
            f"got {negatives.dtype} {tuple(negatives.shape)}; pass what a miner returned"
        )


def _root(squared_distances: Tensor) -> Tensor:
    return squared_distances.clamp(min=SMALLEST_SQUARED_DISTANCE).sqrt()


def _row_distances(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).square().sum(dim=-1)
