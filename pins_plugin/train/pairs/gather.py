"""Embeddings of all processes in each process, with gradient.

With the negatives of the whole global batch, N processes train as one process with an N times larger batch.
"""

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist


def gather_with_gradient(embeddings: Tensor) -> Tensor:
    """Stack the embeddings of all processes, in the order of their ranks.

    Each process computes the loss of the whole batch; the backward pass sums over processes what every
    loss asks of a row, so that `DistributedDataParallel`, which averages the gradients of the parameters, ends
    at exactly the gradient of one process with the global batch.

    Parameters
    ----------
    embeddings : (batch, ...) Tensor
        The same shape in every process.

    Returns
    -------
    embeddings : (num_processes * batch, ...) Tensor
        `embeddings` itself where there is one process.
    """
    if num_processes() == 1:
        return embeddings
    return _Gather.apply(embeddings)


def num_processes() -> int:
    """Processes that train together: 1 without torch.distributed."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, embeddings: Tensor) -> Tensor:
        ctx.batch = len(embeddings)
        parts = [torch.empty_like(embeddings) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, embeddings.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        start = dist.get_rank() * ctx.batch
        return total[start : start + ctx.batch]
