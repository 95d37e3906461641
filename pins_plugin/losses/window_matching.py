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
    num_others : int
        Above 0, a second loss is added: whose lips make this sound, out of the true ones and those of so many other
        clips of the batch at the same moment. It is what linking asks; matching within the clip alone
        never compares two people.

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
        num_others: int = 0,
    ) -> None:
        super().__init__()
        if max_offset < 1 or not window_lengths or min(window_lengths) < 1 or scale <= 0:
            raise PinsError(
                "max_offset, window_lengths, scale: expected frames of at least 1 and a positive number, "
                f"got {max_offset}, {tuple(window_lengths)} and {scale}"
            )
        if separation_weight < 0 or not set(separated) <= {"lips", "sound"}:
            raise PinsError(
                "separation_weight, separated: expected a weight of at least 0 and names out of lips, sound, "
                f"got {separation_weight} and {tuple(separated)}"
            )
        self.num_others = num_others
        self.separation_weight = separation_weight
        self.separated = tuple(separated)
        self.max_offset = max_offset
        self.window_lengths = tuple(window_lengths)
        self.log_scale = nn.Parameter(torch.tensor(float(scale)).log())

    def forward(self, lip_features: Tensor, sound_features: Tensor) -> Tensor:
        """Average over windows.

        Parameters
        ----------
        lip_features : (batch, num_frames, embedding_dim) Tensor
        sound_features : (batch, num_frames + 2 lead, embedding_dim) Tensor
            Unit length; frame t of the lips belongs to frame t + lead of the sound, which may begin earlier
            and end later than the lips by the same number of frames.

        Returns
        -------
        loss : () Tensor
        """
        num_frames = lip_features.shape[1]
        lead = (sound_features.shape[1] - num_frames) // 2
        middle = sound_features[:, lead : lead + num_frames]
        candidates = [_similarities_around(lip_features, sound_features, lead, self.max_offset)]
        if self.separation_weight > 0:
            sides = {
                "lips": (lip_features, lip_features, 0),
                "sound": (middle, sound_features, lead),
            }
            candidates += [self._other_moments(*sides[name]) for name in self.separated]
        similarities = torch.cat(candidates, dim=-1)  # (batch, num_frames, num_candidates)
        num_offsets = candidates[0].shape[-1]
        loss = self._match(similarities, self.max_offset, num_offsets)
        num_lips = min(self.num_others + 1, len(lip_features))
        if num_lips > 1:
            lips = [lip_features.roll(number, dims=0) for number in range(num_lips)]
            similarities = torch.stack([(each * middle).sum(dim=-1) for each in lips], dim=-1)
            loss = loss + self._match(similarities, 0, num_lips)
        return loss

    def _match(self, similarities: Tensor, partner: int, num_compared: int) -> Tensor:
        """Cross-entropy of windows of (batch, num_frames, num_candidates) similarities, of which one is the partner's.

        Candidates from `num_compared` on weigh `separation_weight`.
        """
        losses = []
        for length in self.window_lengths:
            means = average_windows(similarities, length)  # (batch, num_windows, num_candidates)
            missing = means.isnan()
            root = min(length, similarities.shape[1]) ** 0.5
            logits = self.log_scale.exp() * root * means.masked_fill(missing, 0)
            if logits.shape[-1] > num_compared:
                weights = torch.zeros(logits.shape[-1], device=logits.device)
                weights[num_compared:] = math.log(self.separation_weight)
                logits = logits + weights
            logits = logits.masked_fill(missing, -torch.inf).flatten(0, 1)
            partners = torch.full((len(logits),), partner, device=logits.device)
            losses.append(functional.cross_entropy(logits, partners))
        return torch.stack(losses).mean()

    def _other_moments(self, features: Tensor, around: Tensor, lead: int) -> Tensor:
        similarities = _similarities_around(features, around, lead, self.max_offset)
        middle = self.max_offset
        return torch.cat(
            [
                similarities[..., : max(middle - ALIKE, 0)],
                similarities[..., middle + ALIKE + 1 :],
            ],
            dim=-1,
        )


def _similarities_around(features: Tensor, around: Tensor, lead: int, max_offset: int) -> Tensor:
    """`offset_similarities` where frame t of the first belongs to frame t + lead of the second."""
    padded = functional.pad(features, (0, 0, lead, lead))
    return offset_similarities(padded, around, max_offset)[:, lead : lead + features.shape[1]]
