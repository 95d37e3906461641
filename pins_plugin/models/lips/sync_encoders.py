"""Synchronization: what lips show and what is heard, in one space, frame by frame.

Two branches at 25 frames per second. The compact pair reads the *shape* of the lips (points of a dense
face mesh), which means the same on every face, and log-mel bands of the sound; each output sees about
half a second. `sync_published` has the pair of the paper, which reads pixels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.errors import ShapeError
from pins_plugin.models.layers.spectrogram import LogMelSpectrogram

FRAME_RATE = 25.0
SPECTRA_PER_FRAME = 4  # 10 ms apart


class LipEncoder(nn.Module):
    """Map the moving shape of lips to one unit-length feature per frame.

    The mean shape over the clip (the person) and the amount of movement (the style) are taken off first;
    what remains, with its change from frame to frame, goes through convolutions over time.

    Parameters
    ----------
    num_points, num_lip_points : int
        Points per frame, and how many of them, from the first, belong to the lips and define the origin.
    num_blocks : int
        Residual convolutions; the second and later ones look twice as far.

    Examples
    --------
    >>> LipEncoder()(torch.zeros(2, 30, 88, 2)).shape
    torch.Size([2, 30, 48])
    """

    def __init__(
        self,
        num_points: int = 88,
        num_lip_points: int = 80,
        channels: int = 64,
        embedding_dim: int = 48,
        num_blocks: int = 2,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.num_points = num_points
        self.num_lip_points = num_lip_points
        self.embedding_dim = embedding_dim
        self.inner_dim = channels // 2 + channels
        self.dropout = nn.Dropout(dropout)
        self.modes = nn.Conv1d(4 * num_points, channels // 2, 1)  # of movement
        self.first = nn.Conv1d(channels // 2, channels, 5, padding=2)
        self.first_norm = nn.BatchNorm1d(channels)
        self.blocks = TemporalBlocks(channels, num_blocks, dropout)
        self.last = nn.Conv1d(channels, embedding_dim, 1)

    def forward(self, lips: Tensor) -> Tensor:
        """Encode points (batch, num_frames, num_points, 2), 25 frames per second, as (batch, num_frames, embedding_dim)."""
        if lips.shape[1:2] == (0,):
            return lips.new_zeros(len(lips), 0, self.embedding_dim)
        _, hidden = self._encode(lips)
        features = self.last(hidden).transpose(1, 2)
        return functional.normalize(features, dim=-1)

    def inner_features(self, lips: Tensor) -> Tensor:
        """Modes of movement and the output of the convolutions, for other tasks: (batch, num_frames, inner_dim)."""
        return torch.cat(self._encode(lips), dim=1).transpose(1, 2)

    def _encode(self, lips: Tensor) -> tuple[Tensor, Tensor]:
        """Modes (batch, channels / 2, num_frames) and hidden units (batch, channels, num_frames)."""
        check_points(lips, self.num_points)
        origin = lips[:, :, : self.num_lip_points].mean(dim=(1, 2), keepdim=True)
        shapes = (lips - origin).flatten(2)  # (batch, num_frames, 2 num_points)
        shapes = shapes - shapes.mean(dim=1, keepdim=True)
        shapes = 0.5 * shapes / (shapes.std(dim=(1, 2), keepdim=True) + 0.02)
        changes = functional.pad(shapes[:, 1:] - shapes[:, :-1], (0, 0, 0, 1))
        inputs = torch.cat([shapes, 2 * changes], dim=2).transpose(1, 2)
        modes = self.modes(self.dropout(inputs))
        return modes, self.blocks(functional.relu(self.first_norm(self.first(modes))))


class SoundEncoder(nn.Module):
    """Map sound to one unit-length feature per video frame.

    Parameters
    ----------
    num_bins : int
        Mel bands; the rest is as in `LipEncoder`.
    sample_rate : int
        In Hz.

    Examples
    --------
    >>> SoundEncoder()(torch.zeros(2, 16000)).shape
    torch.Size([2, 25, 48])
    """

    def __init__(
        self,
        num_bins: int = 40,
        channels: int = 64,
        embedding_dim: int = 48,
        num_blocks: int = 2,
        dropout: float = 0.2,
        sample_rate: int = 16000,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.embedding_dim = embedding_dim
        self.front_end = LogMelSpectrogram(sample_rate, num_bins, window_seconds=0.025)
        self.first = nn.Conv1d(num_bins, channels // 2, 5, padding=2)
        self.first_norm = nn.BatchNorm1d(channels // 2)
        self.dropout = nn.Dropout(dropout)
        self.pool = nn.Conv1d(channels // 2, channels, SPECTRA_PER_FRAME, stride=SPECTRA_PER_FRAME)
        self.pool_norm = nn.BatchNorm1d(channels)
        self.blocks = TemporalBlocks(channels, num_blocks, dropout)
        self.last = nn.Conv1d(channels, embedding_dim, 1)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Encode (batch, num_samples) waveforms into (batch, num_frames, embedding_dim) sound features."""
        return self.encode_spectrograms(self.spectrograms(waveforms))

    def spectrograms(self, waveforms: Tensor) -> Tensor:
        """Log-mel bands, four per video frame: (batch, num_bins, 4 num_frames); only whole frames."""
        samples_per_frame = round(self.sample_rate / FRAME_RATE)
        num_frames = waveforms.shape[-1] // samples_per_frame
        loudness = waveforms.square().mean(dim=-1, keepdim=True).sqrt()
        leveled = 0.1 * waveforms / (loudness + 1e-4)
        padded = functional.pad(leveled, (0, max(0, samples_per_frame - waveforms.shape[-1])))
        return self.front_end(padded)[..., : SPECTRA_PER_FRAME * num_frames]

    def encode_spectrograms(self, spectrograms: Tensor) -> Tensor:
        """Encode (batch, num_bins, 4 num_frames) spectrograms into (batch, num_frames, embedding_dim)."""
        if spectrograms.shape[-1] == 0:
            return spectrograms.new_zeros(len(spectrograms), 0, self.embedding_dim)
        features = self.last(self._encode(spectrograms)).transpose(1, 2)
        return functional.normalize(features, dim=-1)

    def inner_features(self, spectrograms: Tensor) -> Tensor:
        """Output of the convolutions, for other tasks: (batch, num_bins, 4 num_frames) to (batch, num_frames, channels)."""
        return self._encode(spectrograms).transpose(1, 2)

    def _encode(self, spectrograms: Tensor) -> Tensor:
        inputs = spectrograms - spectrograms.mean(dim=2, keepdim=True)
        inputs = inputs / (inputs.std(dim=(1, 2), keepdim=True) + 0.1)
        hidden = self.dropout(functional.relu(self.first_norm(self.first(inputs))))
        hidden = functional.relu(self.pool_norm(self.pool(hidden)))  # (batch, channels, num_frames)
        return self.blocks(hidden)


class TemporalBlocks(nn.Module):
    """Residual convolutions over time, (batch, channels, num_frames) in and out."""

    def __init__(self, channels: int, num_blocks: int, dropout: float) -> None:
        super().__init__()
        reaches = [1 if index == 0 else 2 for index in range(num_blocks)]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, channels, 5, padding=2 * reach, dilation=reach) for reach in reaches
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in reaches)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """Add what each convolution finds."""
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            hidden = hidden + self.dropout(functional.relu(norm(convolution(hidden))))
        return hidden


def check_points(lips: Tensor, num_points: int) -> None:
    """Raise ShapeError unless lips are (batch, num_frames, num_points, 2)."""
    if lips.dim() != 4 or lips.shape[2:] != (num_points, 2):
        raise ShapeError(
            f"lips: expected shape (batch, num_frames, {num_points}, 2), got {tuple(lips.shape)}"
        )
