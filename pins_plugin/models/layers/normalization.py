"""Batch normalization and dropout over the whole batch, however many processes share it."""

import torch
from torch import Tensor, nn
from torch.distributed import get_rank, get_world_size, is_available, is_initialized
from torch.distributed.nn.functional import all_reduce


class BatchNorm(nn.modules.batchnorm._BatchNorm):
    r"""Normalize each channel over the batch and any further dimensions.

    With one process this is torch's own batch normalization. With several, the sums that make mean and
    variance are added up over all processes, with gradient, on any device: N processes with batches of n
    give what one process with a batch of N n gives (torch's SyncBatchNorm does so on GPUs only).

    Examples
    --------
    >>> BatchNorm(1, affine=False)(torch.tensor([[1.0], [3.0]])).round().tolist()
    [[-1.0], [1.0]]
    """

    def __init__(self, num_features: int, affine: bool = True) -> None:
        super().__init__(num_features, affine=affine)

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalize (batch, num_features, ...) inputs."""
        if not (self.training and _is_shared()):
            return super().forward(inputs)
        return self._forward_shared(inputs.float()).to(inputs.dtype)

    def _forward_shared(self, inputs: Tensor) -> Tensor:
        other = [dim for dim in range(inputs.dim()) if dim != 1]
        count = inputs.new_full((1,), inputs.numel() / inputs.shape[1])
        sums = torch.cat([inputs.sum(other), inputs.square().sum(other), count])
        total, squares, count = all_reduce(sums).split([self.num_features, self.num_features, 1])
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=0)
        self._remember(mean.detach(), (variance * count / (count - 1)).detach())
        shape = [1, -1, *[1] * (inputs.dim() - 2)]
        outputs = (inputs - mean.view(shape)) * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            outputs = outputs * self.weight.view(shape) + self.bias.view(shape)
        return outputs

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)

    def _check_input_dim(self, inputs: Tensor) -> None:
        if inputs.dim() < 2:
            raise ValueError(f"expected at least 2 dimensions, got {inputs.dim()}")


class Dropout(nn.Dropout):
    """Draw for the global batch, and keep what concerns the rows of this process.

    With one process this is torch's own dropout; on CPUs N processes with batches of n, their generators
    seeded alike, draw what one process with a batch of N n draws.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop values of (batch, ...) inputs while training."""
        if not (self.training and _is_shared() and 0 < self.p < 1):
            return super().forward(input)
        everywhere = torch.empty(
            get_world_size() * len(input), *input.shape[1:], device=input.device, dtype=input.dtype
        ).bernoulli_(1 - self.p)
        return input * everywhere.chunk(get_world_size())[get_rank()] / (1 - self.p)


def _is_shared() -> bool:
    return is_available() and is_initialized() and get_world_size() > 1
