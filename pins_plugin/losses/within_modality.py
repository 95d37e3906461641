"""Separation within each modality, on top of matching across them."""

import math

import torch
from torch import Tensor

from pins_plugin.errors import PinsError
from pins_plugin.losses.checks import check_pair
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss, keep_allowed

MODALITIES = ("none", "face", "voice", "both")
FORMS = ("denominator", "term")


class WithinModalitySeparationLoss(MultiwayMatchingLoss):
    r"""Match across modalities and keep items of the same modality apart ("Seeing voices and hearing voices", section 2).

    ``form="denominator"``: the non-matching items of the anchor's own modality join the candidates,

        L = -log( e^s(f_i, v_i) / (sum_j e^s(f_i, v_j) + lambda * sum_(j != i) e^s(f_i, f_j)) )

    and the same from voice to face. ``form="term"``: the matching loss stays as it is, and each
    modality adds `lambda` times the cross-entropy of finding an item among its own modality,
    `-log( e^s(f_i, f_i) / sum_j e^s(f_i, f_j) )`.

    Parameters
    ----------
    within : {"none", "face", "voice", "both"}
        Which modality is kept apart.
    weight : float
        `lambda`.
    form : {"denominator", "term"}
    scale, bias, learnable
        As in `MultiwayMatchingLoss`.

    Examples
    --------
    Two clips at right angles: -log(e / (e + 1 + 1)).

    >>> round(WithinModalitySeparationLoss(scale=1.0)(torch.eye(2), torch.eye(2)).item(), 4)
    0.5514
    """

    def __init__(
        self,
        within: str = "both",
        weight: float = 1.0,
        form: str = "denominator",
        scale: float = 10.0,
        bias: float = -5.0,
        learnable: bool = True,
    ) -> None:
        super().__init__(scale=scale, bias=bias, learnable=learnable)
        if within not in MODALITIES:
            raise PinsError(f"within: expected one of {', '.join(MODALITIES)}, got {within!r}")
        if form not in FORMS:
            raise PinsError(f"form: expected one of {', '.join(FORMS)}, got {form!r}")
        if weight < 0:
            raise PinsError(f"weight: expected a number >= 0, got {weight}")
        self.within = within
        self.weight = weight
        self.form = form

    def forward(
        self, face_embeddings: Tensor, voice_embeddings: Tensor, allowed: Tensor | None = None
    ) -> Tensor:
        """Average over anchors of both modalities; parameters as in `MultiwayMatchingLoss.forward`.

        `allowed` is read within a modality as across: item j counts against item i where it is True.
        """
        faces, voices = check_pair(face_embeddings, voice_embeddings)
        if self.form == "term" or self.weight == 0:
            return super().forward(faces, voices, allowed) + self._separation(
                faces, voices, allowed
            )
        return self.match(faces, voices, allowed)

    def _applies(self, modality: str) -> bool:
        return self.weight > 0 and self.within in (modality, "both")

    def denominator(
        self, total: Tensor, anchors: Tensor, modality: str, allowed: Tensor | None
    ) -> Tensor:
        """Add weight * sum over j != i of e^s(anchor i, anchor j): (..., batch)."""
        if self.form == "term" or not self._applies(modality) or anchors.shape[-2] < 2:
            return total
        own = torch.eye(anchors.shape[-2], dtype=torch.bool, device=anchors.device)
        others = keep_allowed(self.logits(anchors, anchors), allowed).masked_fill(own, -torch.inf)
        return torch.logaddexp(total, others.logsumexp(dim=-1) + math.log(self.weight))

    def _separation(self, faces: Tensor, voices: Tensor, allowed: Tensor | None) -> Tensor:
        swapped = None if allowed is None else allowed.mT
        terms = [faces.new_zeros(())]
        for modality, items, mask in (("face", faces, allowed), ("voice", voices, swapped)):
            if self._applies(modality):
                logits = keep_allowed(self.logits(items, items), mask)
                own = logits.diagonal(dim1=-2, dim2=-1)
                terms.append((logits.logsumexp(dim=-1) - own).mean())
        return self.weight * torch.stack(terms).sum()
