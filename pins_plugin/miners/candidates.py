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


def highest_allowed(scores: Tensor, allowed: Tensor) -> Tensor:
    """Pick the allowed candidate of the highest score in each row.

    Parameters
    ----------
    scores : (batch, batch) Tensor
    allowed : (batch, batch) bool Tensor

    Returns
    -------
    negatives : (batch,) int64 Tensor
        Column of the candidate, or -1 (`NO_NEGATIVE`) where none is allowed.

    Examples
    --------
    >>> scores = torch.tensor([[9.0, 2.0, 3.0], [1.0, 9.0, 0.0]])
    >>> highest_allowed(scores, torch.tensor([[False, True, True], [False, False, False]])).tolist()
    [2, -1]
    """
    values, columns = scores.masked_fill(~allowed, -torch.inf).max(dim=1)  # (batch,)
    return columns.masked_fill(values == -torch.inf, NO_NEGATIVE)
