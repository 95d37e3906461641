"""Curriculum mining: negatives from easy to hard as training proceeds."""

import math

import numpy as np
import torch
from torch import Tensor

from pins_plugin.errors import PinsError
from pins_plugin.miners.candidates import highest_candidate, mask_disallowed

SELECTIONS = ("one", "fraction")


class CurriculumMiner:
    """Bound how hard an anchor's negatives may be (Learnable PINs, section 3.3).

    Each anchor's candidates are ranked from easy (far) to hard (near). `hardness` in [0, 1] is the place in
    that ranking that the hardest negative may take, and with the guard no negative may be as near as
    the anchor's own partner. The paper's "percentile" can be read in two ways:

    * ``"one"``: the single negative at the percentile (or the hardest one below the guard, where that is easier);
    * ``"fraction"``: every negative up to there.

    Parameters
    ----------
    selection : {"one", "fraction"}
    semi_hard_guard : bool
        Never take a negative that is at least as similar to the anchor as its own partner.

    Examples
    --------
    Anchor 0 ranks its candidates 2, 1, 3; candidate 3 is nearer than its partner.

    >>> similarities = torch.full((4, 4), -1.0)
    >>> similarities[0] = torch.tensor([0.5, 0.2, -0.3, 0.9])
    >>> CurriculumMiner()(similarities, hardness=0.3)[0].item()
    2
    >>> CurriculumMiner()(similarities, hardness=1.0)[0].item()
    1
    """

    def __init__(self, selection: str = "one", semi_hard_guard: bool = True) -> None:
        if selection not in SELECTIONS:
            raise PinsError(
                f"selection: expected one of {', '.join(SELECTIONS)}, got {selection!r}"
            )
        self.selection = selection
        self.semi_hard_guard = semi_hard_guard

    @torch.no_grad()
    def __call__(
        self, similarities: Tensor, hardness: float = 1.0, allowed: Tensor | None = None
    ) -> Tensor:
        """Choose negatives for the anchors in the rows; transpose for the other direction.

        Parameters
        ----------
        similarities : (batch, batch) Tensor
            Anchor i belongs to candidate i.
        hardness : float
            In [0, 1]; 0 allows the easiest candidate only.
        allowed : (batch, batch) bool Tensor, optional
            Candidates that may be used at all.

        Returns
        -------
        negatives : (batch,) int64 Tensor or (batch, batch) bool Tensor
            "one": a column per anchor, -1 where there is none. "fraction": True at each negative.

        Raises
        ------
        PinsError
            When `hardness` is outside [0, 1].
        """
        if not 0.0 <= hardness <= 1.0:
            raise PinsError(f"hardness: expected a number in [0, 1], got {hardness}")
        ranked = mask_disallowed(similarities, allowed, torch.inf)
        limit = _percentile(ranked, hardness, uniform=allowed is None)  # (batch, 1)
        if self.semi_hard_guard:
            partners = similarities.detach().float().diagonal().unsqueeze(1)
            limit = torch.minimum(limit, partners.nextafter(-torch.ones_like(partners) * torch.inf))
        eligible = ranked <= limit.clamp(max=torch.finfo(torch.float32).max)
        if self.selection == "fraction":
            return eligible
        return highest_candidate(ranked.masked_fill_(~eligible, -torch.inf))


def _percentile(ranked: Tensor, hardness: float, uniform: bool) -> Tensor:
    """Similarity of the ceil(hardness * count)-th easiest candidate (the first at least) of each row: (batch, 1).

    `ranked` (batch, batch) is infinite where there is no candidate; with `uniform`, on the diagonal only.
    """
    batch = len(ranked)
    if batch < 2:
        return ranked.new_zeros(batch, 1)
    if not uniform:
        counts = ranked.isfinite().sum(dim=1, keepdim=True)  # (batch, 1)
        places = (counts * hardness - 1e-6).ceil().long().clamp(min=1)
        return ranked.sort(dim=1).values.gather(1, places - 1)
    place = max(1, math.ceil(round(hardness * (batch - 1), 6)))
    if ranked.device.type == "cpu":  # NumPy's partial sort is several times as fast as torch's
        values = np.partition(ranked.numpy(), place - 1, axis=1)[:, place - 1 : place]
        return torch.from_numpy(values)
    return ranked.kthvalue(place, dim=1, keepdim=True).values
