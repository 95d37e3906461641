"""The published pair of synchronization branches, which read pixels of mouths.

Layer table of the public trainer of SyncNet and Perfect Match (Chung and Zisserman 2016; Chung et al. 2019), on
grey mouth crops of any size, scaled to 224 x 224. Five frames of video and about 0.2 s of sound make one feature.
Meant for GPUs and hundreds of hours of video; `models.lips.sync_encoders` has the pair for CPUs.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.errors import ShapeError
from pins_plugin.models.layers.spectrogram import LogMelSpectrogram

INPUT_SIZE = 224
CONTEXT = 5  # frames
SAMPLES_PER_FRAME = 640  # 25 frames per second at 16 kHz
SPECTRA_PER_FRAME = 4


class PublishedLipEncoder(nn.Module):
    """Conv3d 5x7x7x96 /2, pool; 1x5x5x256 /2, pool; 3 x (1x3x3x256), pool; 1x6x6x512; linear.

    Examples
    --------
    >>> PublishedLipEncoder(embedding_dim=8)(torch.zeros(1, 3, 48, 64)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(self, embedding_dim: int = 512) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.layers = nn.Sequential(
            *_conv3d(1, 96, (CONTEXT, 7, 7), stride=2, padding=0),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_conv3d(96, 256, (1, 5, 5), stride=2, padding=1),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_conv3d(256, 256, (1, 3, 3), stride=1, padding=1),
            *_conv3d(256, 256, (1, 3, 3), stride=1, padding=1),
            *_conv3d(256, 256, (1, 3, 3), stride=1, padding=1),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_conv3d(256, 512, (1, 6, 6), stride=1, padding=0),
        )
        self.last = nn.Linear(512, embedding_dim)

    def forward(self, mouths: Tensor) -> Tensor:
        """Encode grey mouths (batch, num_frames, height, width) in [0, 1], 25 frames per second, as (batch, num_frames, embedding_dim).

        Two frames are repeated at each end.
        """
        if mouths.dim() != 4:
            raise ShapeError(
                f"mouths: expected shape (batch, num_frames, height, width), got {tuple(mouths.shape)}"
            )
        frames = functional.interpolate(mouths, (INPUT_SIZE, INPUT_SIZE), mode="bilinear")
        half, count = CONTEXT // 2, frames.shape[1]
        padded = frames[:, torch.arange(-half, count + half).clamp(0, count - 1)]
        hidden = self.layers(padded[:, None])  # (batch, 512, num_frames, 1, 1)
        return functional.normalize(self.last(hidden[..., 0, 0].transpose(1, 2)), dim=-1)


class PublishedSoundEncoder(nn.Module):
    """Conv 5x7x96, pool; 5x5x256, pool; 3x3x384, 256, 256, pool; 4x1x512; linear, on 40 log-mel bands.

    Examples
    --------
    >>> PublishedSoundEncoder(embedding_dim=8)(torch.zeros(1, 3200)).shape
    torch.Size([1, 5, 8])
    """

    sample_rate = 16000

    def __init__(self, embedding_dim: int = 512) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.front_end = LogMelSpectrogram(self.sample_rate, 40, window_seconds=0.025)
        self.norm = nn.InstanceNorm1d(40)
        self.layers = nn.Sequential(
            *_conv2d(1, 96, (5, 7), stride=1, padding=(2, 3)),
            nn.MaxPool2d((1, 3), 1, (0, 1)),
            *_conv2d(96, 256, (5, 5), stride=(2, 1), padding=(1, 2)),
            nn.MaxPool2d(3, (2, 1), 1),
            *_conv2d(256, 384, (3, 3), stride=1, padding=1),
            *_conv2d(384, 256, (3, 3), stride=1, padding=1),
            *_conv2d(256, 256, (3, 3), stride=1, padding=1),
            nn.MaxPool2d(3, (2, 1), (0, 1)),
            *_conv2d(256, 512, (4, 1), stride=1, padding=0),
        )
        self.last = nn.Linear(512, embedding_dim)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Encode (batch, num_samples) waveforms into (batch, num_frames, embedding_dim) sound features."""
        return self.encode_spectrograms(self.spectrograms(waveforms))

    def spectrograms(self, waveforms: Tensor) -> Tensor:
        """Log-mel bands, four per video frame: (batch, 40, 4 num_frames)."""
        num_frames = waveforms.shape[-1] // SAMPLES_PER_FRAME
        return self.front_end(waveforms)[..., : SPECTRA_PER_FRAME * num_frames]

    def encode_spectrograms(self, spectrograms: Tensor) -> Tensor:
        """Encode (batch, 40, 4 num_frames) spectrograms."""
        hidden = self.layers(self.norm(spectrograms)[:, None])  # (batch, 512, 1, 4 num_frames)
        pooled = functional.avg_pool1d(hidden[:, :, 0], SPECTRA_PER_FRAME)
        return functional.normalize(self.last(pooled.transpose(1, 2)), dim=-1)


def _conv3d(
    inputs: int, outputs: int, kernel: tuple[int, int, int], stride: int, padding: int
) -> list[nn.Module]:
    convolution = nn.Conv3d(inputs, outputs, kernel, (1, stride, stride), (0, padding, padding))
    return [convolution, nn.BatchNorm3d(outputs), nn.ReLU()]


def _conv2d(inputs: int, outputs: int, kernel: tuple[int, int], **sizes: Any) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, **sizes)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
