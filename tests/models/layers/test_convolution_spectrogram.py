"""The Fourier transform as a convolution is the Fourier transform."""

import pytest
import torch
from torchaudio.transforms import Spectrogram

from pins_plugin.models.layers.spectrogram import ConvolutionSpectrogram


@pytest.mark.parametrize(
    "options",
    [
        {"n_fft": 512, "win_length": 400, "hop_length": 160},
        {"n_fft": 256, "power": 1.0},
        {"n_fft": 128, "pad": 40, "center": False},
    ],
)
def test_it_computes_what_torchaudio_computes(options: dict[str, int]) -> None:
    waveforms = torch.randn(2, 3000, generator=torch.Generator().manual_seed(0))
    spectrogram = Spectrogram(**options)
    expected = spectrogram(waveforms)
    torch.testing.assert_close(
        ConvolutionSpectrogram(spectrogram)(waveforms), expected, rtol=1e-3, atol=1e-3
    )


def test_complex_spectrograms_are_refused() -> None:
    with pytest.raises(ValueError, match="power 1 or 2"):
        ConvolutionSpectrogram(Spectrogram(n_fft=128, power=None))
