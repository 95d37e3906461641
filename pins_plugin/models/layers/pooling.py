"""From a variable number of frames to one vector."""

import torch
from torch import Tensor, nn


class StatisticsPooling(nn.Module):
    """Mean and standard deviation over time (Snyder et al., Interspeech 2017, section 3).

    Examples
    --------
    >>> StatisticsPooling()(torch.tensor([[[1.0, 3.0]]])).round(decimals=2).tolist()
    [[2.0, 1.0]]
    """

    def forward(self, frames: Tensor) -> Tensor:
        """Pool (batch, channels, num_frames) to (batch, 2 * channels)."""
        mean = frames.mean(dim=-1)  # (batch, channels)
        variance = (frames - mean[..., None]).square().mean(dim=-1)
        return torch.cat([mean, (variance + 1e-6).sqrt()], dim=-1)
