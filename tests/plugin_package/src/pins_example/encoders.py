"""Two very small encoders."""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, normalize


class ThumbnailEncoder(nn.Module):
    """A linear map of an 8 x 8 thumbnail."""

    def __init__(self, embedding_dim: int = 32, image_size: int = 32) -> None:
        super().__init__()
        self.image_size = image_size
        self.embedding_dim = embedding_dim
        self.linear = nn.Linear(3 * 8 * 8, embedding_dim)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed (batch, 3, height, width) pictures."""
        return normalize(self.linear(adaptive_avg_pool2d(faces - 0.5, 8).flatten(1)), dim=-1)


class LoudnessEncoder(nn.Module):
    """A linear map of the loudness and the roughness of sound."""

    def __init__(self, embedding_dim: int = 32, sample_rate: int = 16000) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.embedding_dim = embedding_dim
        self.linear = nn.Linear(2, embedding_dim)

    def forward(self, waveforms: Tensor, relative_lengths: Tensor | None = None) -> Tensor:
        """Embed (batch, num_samples) sound."""
        loudness = waveforms.square().mean(dim=1)
        roughness = waveforms.diff(dim=1).square().mean(dim=1)
        features = torch.stack([loudness, roughness], dim=1).add(1e-6).log()
        return normalize(self.linear(features), dim=-1)
