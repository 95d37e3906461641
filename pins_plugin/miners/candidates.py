"""Which candidates may be a negative at all, and how one of them is picked per anchor."""

import torch
from torch import Tensor

from pins_plugin.errors import ShapeError

NO_NEGATIVE = -1
"""Stands in a (batch,) tensor of negatives where an anchor has none."""


def allowed_negatives(similarities: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Mark the candidates that are not the anchor's own partner.

    Parameters
    ----------
    similarities : (batch, batch) Tensor
        Anchor i belongs to candidate i.
    allowed : (batch, batch) bool Tensor, optional
        False where a candidate must not be used, such as another clip of the same person.

    Returns
    -------
    allowed : (batch, batch) bool Tensor
        The same with a False diagonal.

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
    others = ~torch.eye(shape[0], dtype=torch.bool, device=similarities.device)
    if allowed is None:
        return others
    if allowed.dtype != torch.bool or tuple(allowed.shape) != shape:
        raise ShapeError(
            f"allowed: expected bool {shape}, got {allowed.dtype} {tuple(allowed.shape)}"
        )
    return others & allowed


def mask_disallowed(similarities: Tensor, allowed: Tensor | None, value: float) -> Tensor:
    """Copy similarities (batch, batch), in single precision, with `value` wherever a candidate may not be a negative."""
    copied = similarities.detach().to(torch.float32, copy=True)
    if allowed is None and similarities.ndim == 2 and len(similarities) == similarities.shape[1]:
        return copied.fill_diagonal_(value)
    return copied.masked_fill_(~allowed_negatives(similarities, allowed), value)


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
