"""Dropout that draws the same numbers however many processes share a batch."""

import torch
from torch import Tensor, nn
from torch.distributed import get_rank, get_world_size, is_available, is_initialized


class Dropout(nn.Dropout):
    """Draw for the global batch, and keep what concerns the rows of this process.

    With one process this is torch's own dropout; on CPUs N processes with batches of n, their generators
    seeded alike, draw what one process with a batch of N n draws.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop values of (batch, ...) inputs while training."""
        several = is_available() and is_initialized() and get_world_size() > 1
        if not (self.training and several and 0 < self.p < 1):
            return super().forward(input)
        everywhere = torch.empty(
            get_world_size() * len(input), *input.shape[1:], device=input.device, dtype=input.dtype
        ).bernoulli_(1 - self.p)
        return input * everywhere.chunk(get_world_size())[get_rank()] / (1 - self.p)
