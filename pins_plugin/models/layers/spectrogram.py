"""Front ends: from waveforms to spectrograms, inside the voice encoders."""

import math
from typing import Any

import torch
import torchaudio
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad


class PowerSpectrogram(torchaudio.transforms.Spectrogram):
    """Squared magnitudes, without the root that torchaudio takes and squares again.

    Examples
    --------
    >>> waveforms = torch.randn(2, 4000)
    >>> usual = torchaudio.transforms.Spectrogram(n_fft=256)(waveforms)
    >>> torch.allclose(PowerSpectrogram(n_fft=256)(waveforms), usual, rtol=1e-3, atol=1e-3)
    True
    """

    def forward(self, waveform: Tensor) -> Tensor:
        """Turn (batch, num_samples) into (batch, num_bins, num_frames)."""
        spectra = torch.stft(
            waveform,
            self.n_fft,
            self.hop_length,
            self.win_length,
            self.window,
            return_complex=True,
        )
        return spectra.real.square() + spectra.imag.square()


class LogMelSpectrogram(nn.Module):
    """Log energies in `num_bins` mel bands, with the clip's mean level taken off; `sample_rate` in Hz.

    Taking off one number per clip forgets how loud the recording is and keeps the shape of the mean
    spectrum, which tells about the vocal tract.

    Examples
    --------
    >>> LogMelSpectrogram(num_bins=40)(torch.zeros(2, 16000)).shape
    torch.Size([2, 40, 101])
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        num_bins: int = 64,
        window_seconds: float = 0.032,
        hop_seconds: float = 0.01,
    ) -> None:
        super().__init__()
        window = round(window_seconds * sample_rate)
        sizes: dict[str, Any] = {
            "n_fft": 2 ** (window - 1).bit_length(),
            "win_length": window,
            "hop_length": round(hop_seconds * sample_rate),
            "window_fn": torch.hamming_window,
        }
        self.mel = torchaudio.transforms.MelSpectrogram(
            sample_rate, f_min=40.0, n_mels=num_bins, **sizes
        )
        self.mel.spectrogram = PowerSpectrogram(**sizes)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Turn waveforms (batch, num_samples) into spectrograms (batch, num_bins, num_frames)."""
        with torch.autocast(waveforms.device.type, enabled=False):
            spectrograms = (self.mel(waveforms.float()) + 1e-6).log()
        return spectrograms - spectrograms.mean(dim=(1, 2), keepdim=True)


class MagnitudeSpectrogram(nn.Module):
    """The front end of VGGVox: magnitudes, no log, no mel, each bin standardized over time; `sample_rate` in Hz.

    25 ms Hamming windows every 10 ms, all 512 values of a 512-point Fourier transform (the upper half
    mirrors the lower); "VoxCeleb" (Interspeech 2017), section 4.1, and its authors' released code. Their
    pre-emphasis multiplies each bin by a constant, which the standardization takes off again.

    Examples
    --------
    Three seconds give the paper's 512 x 300.

    >>> MagnitudeSpectrogram()(torch.randn(1, 48000)).shape
    torch.Size([1, 512, 300])
    """

    num_bins = 512

    def __init__(self, sample_rate: int = 16000) -> None:
        super().__init__()
        self.hop = round(0.010 * sample_rate)
        self.register_buffer("window", torch.hamming_window(round(0.025 * sample_rate)))

    def forward(self, waveforms: Tensor) -> Tensor:
        """Turn waveforms (batch, num_samples) into standardized magnitudes (batch, 512, num_samples // hop)."""
        with torch.autocast(waveforms.device.type, enabled=False):
            half = torch.stft(
                waveforms.float(),
                self.num_bins,
                self.hop,
                len(self.window),
                self.window,
                pad_mode="constant",
                return_complex=True,
            ).abs()[..., : waveforms.shape[1] // self.hop]  # (batch, 257, num_frames)
        centered = half - half.mean(dim=-1, keepdim=True)
        half = centered / (centered.square().mean(dim=-1, keepdim=True).sqrt() + 1e-5)
        return torch.cat([half, half[:, 1:-1].flip(1)], dim=1)


class ConvolutionSpectrogram(nn.Module):
    """What a torchaudio `Spectrogram` computes, as a convolution of real numbers: slower than the FFT, and any runtime can do it.

    It must be one-sided, of power 1 or 2, not normalized.

    Examples
    --------
    >>> waveforms = torch.randn(2, 4000)
    >>> spectrogram = torchaudio.transforms.Spectrogram(n_fft=256, hop_length=100)
    >>> same = ConvolutionSpectrogram(spectrogram)(waveforms)
    >>> torch.allclose(spectrogram(waveforms), same, rtol=1e-3, atol=1e-3)
    True
    """

    def __init__(self, spectrogram: torchaudio.transforms.Spectrogram) -> None:
        super().__init__()
        plain = spectrogram.onesided and not spectrogram.normalized
        if spectrogram.power not in (1.0, 2.0) or not plain:
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
