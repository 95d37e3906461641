"""The short-time Fourier transform as a convolution: slower than the FFT, and any runtime can do it."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad
from torchaudio.transforms import Spectrogram


class ConvolutionSpectrogram(nn.Module):
    """Computes what a torchaudio `Spectrogram` computes, with real numbers only.

    Parameters
    ----------
    spectrogram : torchaudio.transforms.Spectrogram
        One-sided, of power 1 or 2, not normalized.

    Examples
    --------
    >>> waveforms = torch.randn(2, 4000)
    >>> spectrogram = Spectrogram(n_fft=256, hop_length=100)
    >>> same = ConvolutionSpectrogram(spectrogram)(waveforms)
    >>> torch.allclose(spectrogram(waveforms), same, rtol=1e-3, atol=1e-3)
    True
    """

    def __init__(self, spectrogram: Spectrogram) -> None:
        super().__init__()
        if (
            spectrogram.power not in (1.0, 2.0)
            or spectrogram.normalized
            or not spectrogram.onesided
        ):
            raise ValueError("expected a one-sided spectrogram of power 1 or 2, not normalized")
        self.power = spectrogram.power
        self.hop_length = spectrogram.hop_length
        self.padding = spectrogram.pad
        self.center = spectrogram.n_fft // 2 if spectrogram.center else 0
        self.pad_mode = spectrogram.pad_mode
        size = spectrogram.n_fft
        missing = size - spectrogram.win_length
        window = pad(spectrogram.window.double(), (missing // 2, missing - missing // 2))
        bins = torch.arange(size // 2 + 1, dtype=torch.float64)[:, None]
        angle = 2 * math.pi * (bins * torch.arange(size) % size) / size  # (num_bins, n_fft)
        kernel = torch.cat([angle.cos() * window, angle.sin() * window])[:, None].float()
        self.register_buffer("kernel", kernel)  # (2 * num_bins, 1, n_fft)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Turn (batch, num_samples) into (batch, num_bins, num_frames)."""
        padded = pad(waveforms, (self.padding, self.padding))[:, None]
        if self.center:
            padded = pad(padded, (self.center, self.center), mode=self.pad_mode)
        real, imaginary = conv1d(padded, self.kernel, stride=self.hop_length).chunk(2, dim=1)
        power = real.square() + imaginary.square()
        return power if self.power == 2.0 else power.sqrt()
