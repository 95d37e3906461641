"""A trunk that keeps what it learnt elsewhere."""

from typing import Any, Self

import torch
from torch import nn


class Trunk(nn.Module):
    """Wrap a pre-trained network that is either frozen or fine-tuned.

    Parameters
    ----------
    frozen : bool
        Neither weights nor statistics of its batch normalization change; no gradient is kept.
    """

    def __init__(self, network: nn.Module, frozen: bool) -> None:
        super().__init__()
        self.network = network.requires_grad_(not frozen)
        self.frozen = frozen
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Switch to training mode, unless frozen."""
        return super().train(mode and not self.frozen)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the network."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            return self.network(*args, **kwargs)
