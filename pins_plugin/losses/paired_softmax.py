"""Cross-entropy of a similarity matrix whose classes stand on the diagonal, in few passes over the matrix."""

from typing import Any

import torch
from torch import Tensor

LARGEST_SCALE = 30.0  # e^(-2 * scale) is still far from the smallest number of single precision


def paired_cross_entropy(first: Tensor, second: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy of finding row i of `second` among all its rows from row i of `first`, and the reverse.

    The cosine of unit vectors is at most 1, so that e^(scale * (cosine - 1)) cannot overflow, and one matrix of it
    serves both directions and the backward pass.

    Parameters
    ----------
    first, second : (..., batch, dim) Tensor
        Unit length.
    scale : () Tensor
        At most `LARGEST_SCALE`.

    Returns
    -------
    forward, backward : () Tensor
        Mean over rows: candidates in `second`, candidates in `first`.
    """
    return _PairedCrossEntropy.apply(first, second, scale)


class _PairedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(first.device.type, enabled=False):
            evidence = (scale * first) @ second.mT  # (..., batch, batch)
        partners = evidence.diagonal(dim1=-2, dim2=-1).clone()  # (..., batch)
        evidence.sub_(scale).exp_()
        rows, columns = evidence.sum(dim=-1), evidence.sum(dim=-2)  # (..., batch)
        ctx.save_for_backward(first, second, scale, evidence, rows, columns)
        own = partners.mean() - scale
        return rows.log().mean() - own, columns.log().mean() - own

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first, second, scale, evidence, rows, columns = ctx.saved_tensors
        forward, reverse = (gradient / rows.numel() for gradient in gradients)
        # d loss / d logits, without its diagonal: p * (forward / rows + reverse / columns)
        factor = (forward / rows).unsqueeze(-1) + (reverse / columns).unsqueeze(-2)
        slope = factor.mul_(evidence)  # (..., batch, batch)
        own = forward + reverse
        on_first = slope @ second - own * second
        on_second = slope.mT @ first - own * first
        return scale * on_first, scale * on_second, (on_first * first).sum()
