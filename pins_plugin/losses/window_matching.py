"""Window matching: find the offset at which a stretch of sound belongs to a stretch of video."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.errors import PinsError
from pins_plugin.similarity import average_windows, offset_similarities

ALIKE = 2  # frames within which two moments of one modality count as the same


class WindowMatchingLoss(nn.Module):
    r"""Multiway matching within the clip, with the evidence of whole windows.

    The candidates for a window of video are the windows of the same sound at offsets of -max_offset ...
    max_offset frames, so that the person cancels out ("Perfect Match", Chung et al. 2019, section 2.3, where
    the window is one feature). A window's evidence is the mean similarity of its frames:

        L = -log( e^s(0) / sum_d e^s(d) ),    s(d) = c sqrt(w) mean_t cos(f_t, v_(t+d))

    The root makes the logits of longer windows as noisy as those of shorter ones.

    Parameters
    ----------
    max_offset : int
        In frames.
    window_lengths : tuple of int
        In frames; the loss is their mean. (1,) is the published loss.
    scale : float
        Starting value of the learnable c.
    separation_weight : float
        Weight in the denominator of windows of the *same* modality at other offsets, so that features of
        different moments are pushed apart within lips and within sound (Chung, Kang, Chung 2020, where it serves
        lip reading); 0 for none. Moments at most two frames apart count as alike.
    separated : tuple of str
        Where that is done: "lips", "sound".

    Examples
    --------
    Features that fit at no offset better than at another leave the loss at log(number of offsets).

    >>> same = torch.ones(1, 40, 2)
    >>> loss = WindowMatchingLoss(max_offset=1, window_lengths=(4,))(same, same)
    >>> round(loss.item(), 3), round(torch.log(torch.tensor(3.0)).item(), 3)
    (1.099, 1.099)
    """

    def __init__(
        self,
        max_offset: int = 15,
        window_lengths: tuple[int, ...] = (8, 16, 32),
        scale: float = 4.0,
        separation_weight: float = 0.0,
        separated: tuple[str, ...] = ("lips", "sound"),
    ) -> None:
        super().__init__()
        if separation_weight < 0 or not set(separated) <= {"lips", "sound"}:
            raise PinsError(
                "separation_weight, separated: expected a weight of at least 0 and names out of lips, sound, "
                f"got {separation_weight} and {tuple(separated)}"
            )
        self.separation_weight = separation_weight
        self.separated = tuple(separated)
        self.max_offset = max_offset
        self.window_lengths = tuple(window_lengths)
        self.log_scale = nn.Parameter(torch.tensor(float(scale)).log())

    def forward(self, lip_features: Tensor, sound_features: Tensor) -> Tensor:
        """Average over windows.

        Parameters
        ----------
        lip_features, sound_features : (batch, num_frames, embedding_dim) Tensor
            Unit length; frame t of both belongs together.

        Returns
        -------
        loss : () Tensor
        """
        candidates = [offset_similarities(lip_features, sound_features, self.max_offset)]
        if self.separation_weight > 0:
            sides = {"lips": lip_features, "sound": sound_features}
            candidates += [self._other_moments(sides[name]) for name in self.separated]
        similarities = torch.cat(candidates, dim=-1)  # (batch, num_frames, num_candidates)
        num_offsets = candidates[0].shape[-1]
        losses = []
        for length in self.window_lengths:
            means = average_windows(similarities, length)  # (batch, num_windows, num_candidates)
            missing = means.isnan()
            logits = self.log_scale.exp() * length**0.5 * means.masked_fill(missing, 0)
            if self.separation_weight > 0:
                weights = torch.zeros(logits.shape[-1], device=logits.device)
                weights[num_offsets:] = math.log(self.separation_weight)
                logits = logits + weights
            logits = logits.masked_fill(missing, -torch.inf).flatten(0, 1)
            partner = torch.full((len(logits),), self.max_offset, device=logits.device)
            losses.append(functional.cross_entropy(logits, partner))
        return torch.stack(losses).mean()

    def _other_moments(self, features: Tensor) -> Tensor:
        similarities = offset_similarities(features, features, self.max_offset)
        middle = self.max_offset
        return torch.cat(
            [
                similarities[..., : max(middle - ALIKE, 0)],
                similarities[..., middle + ALIKE + 1 :],
            ],
            dim=-1,
        )
