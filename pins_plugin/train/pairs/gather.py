"""Embeddings of all processes in each process, with gradient.

With the negatives of the whole global batch, N processes train as one process with an N times larger batch.
"""

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.nn.functional import all_gather


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
    return torch.cat(all_gather(embeddings))


def num_processes() -> int:
    """Processes that train together: 1 without torch.distributed."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
