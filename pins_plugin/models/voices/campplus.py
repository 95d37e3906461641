"""A voice encoder that tells real voices apart: CAM++, a densely connected network with context-aware masks.

Wang, Zheng, Chen, Cheng, Chen, "CAM++: A fast and efficient network for speaker verification using context-aware
masking", Interspeech 2023. The weights in `pretrained/voice_campplus` are those of 3D-Speaker (Apache License 2.0); see
the model card there. Batch norms are at rest: folded into the convolution before them, or one scale and shift.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, conv1d, normalize, pad, relu
from torchaudio.compliance.kaldi import get_mel_banks

from pins_plugin.models.layers.lengths import SHORTEST_ROW, VoiceEncoder

FRAME, HOP, FFT = 400, 160, 512  # samples
PREEMPHASIS = 0.97
SEGMENT = 100  # frames over which a mask looks besides the whole


class Filterbank(nn.Module):
    """Log mel energies as Kaldi computes them, the mean of each band taken off.

    The steps of each frame (mean off, preemphasis, Povey's window, Fourier transform) are linear: one convolution.
    """

    def __init__(self, num_bins: int, sample_rate: int) -> None:
        super().__init__()
        steps = torch.eye(FRAME, dtype=torch.float64) - 1 / FRAME
        steps = steps - PREEMPHASIS * torch.cat([steps[:, :1], steps[:, :-1]], dim=1)
        window = torch.hann_window(FRAME, periodic=False, dtype=torch.float64) ** 0.85
        waves = torch.fft.rfft(steps * window, FFT)[:, : FFT // 2]  # (FRAME, FFT // 2)
        kernels = torch.cat([waves.real, waves.imag], dim=1).T[:, None].float()
        mel, _ = get_mel_banks(num_bins, FFT, sample_rate, 20.0, 0.0, 100.0, -500.0, 1.0)
        self.register_buffer("kernels", kernels.contiguous(), persistent=False)
        self.register_buffer("mel", mel, persistent=False)  # (num_bins, FFT // 2)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Map (batch, num_samples) to (batch, num_bins, num_frames)."""
        if waveforms.is_cuda:
            waveforms = waveforms.double()  # 10 bits (TF32) or 8 would drown quiet bands
        kernels = self.kernels.to(waveforms.dtype)
        real, imaginary = conv1d(waveforms[:, None], kernels, stride=HOP).chunk(2, dim=1)
        energies = self.mel @ (real.square() + imaginary.square()).to(self.mel.dtype)
        levels = energies.clamp(min=torch.finfo(torch.float32).eps).log()
        return levels - levels.mean(dim=-1, keepdim=True)


class Residual(nn.Module):
    """Two 3 x 3 convolutions around which the input is carried; `stride` 2 halves the number of bands."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, (stride, 1), padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.carry = nn.Conv2d(channels, channels, 1, (stride, 1)) if stride > 1 else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, channels, num_bins, num_frames) to (batch, channels, num_bins / stride, num_frames)."""
        return relu(self.second(relu(self.first(features))) + self.carry(features))


class Activation(nn.Module):
    """A scale and a shift for each channel, then what is positive."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1))
        self.shift = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, channels, num_frames) to the same shape."""
        return relu(torch.addcmul(self.shift, features, self.scale))


class DenseLayer(nn.Module):
    """Add `growth` channels, masked by what the whole utterance and the segment around sound like (section 2.2)."""

    def __init__(self, channels: int, growth: int, dilation: int) -> None:
        super().__init__()
        self.bottleneck = nn.Sequential(
            Activation(channels), nn.Conv1d(channels, 4 * growth, 1), nn.ReLU()
        )
        self.local = nn.Conv1d(4 * growth, growth, 3, padding=dilation, dilation=dilation)
        self.mask = nn.Sequential(
            nn.Conv1d(4 * growth, 2 * growth, 1), nn.ReLU(),
            nn.Conv1d(2 * growth, growth, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, channels, num_frames) to (batch, channels + growth, num_frames)."""
        hidden = self.bottleneck(features)
        segments = avg_pool1d(hidden, SEGMENT, SEGMENT, ceil_mode=True)
        mask = self.mask(hidden.mean(dim=-1, keepdim=True) + segments)  # one of each segment
        mask = mask.repeat_interleave(SEGMENT, dim=-1)[..., : hidden.shape[-1]]
        return torch.cat([features, self.local(hidden) * mask], dim=1)


class CAMPlusVoiceEncoder(VoiceEncoder):
    """A residual network over bands, then three dense blocks over time; mean and deviation are the voice.

    Parameters
    ----------
    num_bins, width : int
        Of mel bands, a multiple of 8; of channels of the residual network, and those that each dense layer adds.
    blocks : sequence of (int, int)
        Number of layers and dilation of each dense block.

    Examples
    --------
    >>> CAMPlusVoiceEncoder(blocks=[(1, 1)])(torch.randn(2, 16000)).shape
    torch.Size([2, 192])
    """

    sample_rate = 16000  # Hz

    def __init__(
        self,
        embedding_dim: int = 192,
        num_bins: int = 80,
        width: int = 32,
        blocks: Sequence[tuple[int, int]] = ((12, 1), (24, 2), (16, 2)),
    ) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.filterbank = Filterbank(num_bins, self.sample_rate)
        self.bands = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.ReLU(),
            *[Residual(width, stride) for stride in (2, 1, 2, 1)],
            nn.Conv2d(width, width, 3, (2, 1), padding=1), nn.ReLU(),
        )  # fmt: skip
        self.bands.to(memory_format=torch.channels_last)  # a fifth faster on CPUs
        channels = 4 * width
        layers = [nn.Conv1d(width * num_bins // 8, channels, 5, stride=2, padding=2), nn.ReLU()]
        for num_layers, dilation in blocks:
            for _ in range(num_layers):
                layers.append(DenseLayer(channels, width, dilation))
                channels += width
            layers += [Activation(channels), nn.Conv1d(channels, channels // 2, 1)]
            channels //= 2
        self.frames = nn.Sequential(*layers, nn.ReLU())
        self.linear = nn.Linear(2 * channels, embedding_dim)

    def encode(self, waveforms: Tensor) -> Tensor:
        """Embed (batch, num_samples) without padding, best of a second or more; less than 0.1 s is filled up with silence."""
        missing = round(SHORTEST_ROW * self.sample_rate) - waveforms.shape[1]
        if missing > 0:
            waveforms = pad(waveforms, (0, missing))
        bands = self.bands(self.filterbank(waveforms)[:, None])
        frames = self.frames(bands.flatten(1, 2))  # (batch, channels, num_frames / 2)
        statistics = torch.cat([frames.mean(dim=-1), frames.std(dim=-1)], dim=1)
        return normalize(self.linear(statistics), dim=-1)
