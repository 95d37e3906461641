"""Which candidates may be a negative at all, and how one of them is picked per anchor."""

import torch
from torch import Tensor

from pins_plugin.errors import ShapeError

NO_NEGATIVE = -1
"""Stands in a (batch,) tensor of negatives where an anchor has none."""


def mask_disallowed(similarities: Tensor, allowed: Tensor | None, value: float) -> Tensor:
    """Copy similarities, in single precision, with `value` wherever a candidate may not be a negative.

    Parameters
    ----------
    similarities : (batch, batch) Tensor
        Anchor i belongs to candidate i, which is no negative of it.
    allowed : (batch, batch) bool Tensor or None
        False where a candidate must not be used either, such as another clip of the same person.

    Raises
    ------
    ShapeError
        When `similarities` is not square or `allowed` has another shape or type.
    """
    shape = tuple(similarities.shape)
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ShapeError(
            f"similarities: expected (batch, batch), got {shape}; compare paired batches"
        )
    copied = similarities.detach().to(torch.float32, copy=True).fill_diagonal_(value)
    if allowed is None:
        return copied
    if allowed.dtype != torch.bool or tuple(allowed.shape) != shape:
        raise ShapeError(
            f"allowed: expected bool {shape}, got {allowed.dtype} {tuple(allowed.shape)}"
        )
    return copied.masked_fill_(~allowed, value)


def highest_candidate(scores: Tensor) -> Tensor:
    """Pick the candidate of the highest score in each row.

    Parameters
    ----------
    scores : (batch, batch) Tensor
        Minus infinity where there is no candidate.

    Returns
    -------
    negatives : (batch,) int64 Tensor
        Column of the candidate, or -1 (`NO_NEGATIVE`) where there is none.

    Examples
    --------
    >>> none = -torch.inf
    >>> highest_candidate(torch.tensor([[none, 2.0, 3.0], [none, none, none]])).tolist()
    [2, -1]
    """
    if scores.numel() == 0:
        return torch.full((len(scores),), NO_NEGATIVE, device=scores.device)
    values, columns = scores.max(dim=1)  # (batch,)
    return columns.masked_fill(values == -torch.inf, NO_NEGATIVE)
