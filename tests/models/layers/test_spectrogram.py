"""Front ends against their definitions."""

import numpy as np
import pytest
import torch
from torchaudio.transforms import MelSpectrogram

from pins_plugin.models.layers.spectrogram import LogMelSpectrogram, MagnitudeSpectrogram


def test_magnitudes_are_those_of_numpy() -> None:
    waveform = np.random.default_rng(0).normal(size=4000)
    window = np.hamming(401)[:400]  # periodic, as torch's
    padded = np.pad(waveform, 256)
    frames = np.stack([padded[start + 56 : start + 456] for start in range(0, 4000, 160)])
    expected = np.abs(np.fft.fft(frames * window, 512)).T  # (512, 25)
    expected = (expected - expected.mean(axis=1, keepdims=True)) / expected.std(
        axis=1, keepdims=True
    )
    found = MagnitudeSpectrogram()(torch.from_numpy(waveform).float()[None])[0]
    assert found.shape == (512, 25)
    assert np.abs(found.numpy() - expected).max() < 1e-3


def test_each_bin_is_standardized() -> None:
    spectrograms = MagnitudeSpectrogram()(torch.randn(2, 48000))
    assert spectrograms.shape == (2, 512, 300)
    assert spectrograms.mean(dim=-1).abs().max() < 1e-4
    assert (spectrograms.std(dim=-1, correction=0) - 1).abs().max() < 1e-2


@pytest.mark.parametrize("frequency", [200.0, 1000.0, 4000.0])
def test_tone_lands_in_its_bin(frequency: float) -> None:
    times = torch.arange(32000) / 16000
    tone = torch.sin(2 * torch.pi * frequency * times) * (times < 1)  # so that its bin varies
    spectrogram = MagnitudeSpectrogram()(tone[None] + 1e-3 * torch.randn(1, 32000))[0]
    contrast = spectrogram[:257, 20:90].mean(dim=-1)
    assert abs(int(contrast.argmax()) - frequency * 512 / 16000) <= 2


def test_mel_bands_are_those_of_torchaudio() -> None:
    waveforms = torch.randn(2, 16000)
    mel = LogMelSpectrogram(num_bins=40)
    usual = MelSpectrogram(
        n_fft=512,
        win_length=512,
        hop_length=160,
        f_min=40.0,
        n_mels=40,
        window_fn=torch.hamming_window,
    )
    expected = (usual(waveforms) + 1e-6).log()
    expected -= expected.mean(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(mel(waveforms), expected, rtol=1e-4, atol=1e-4)


def test_mel_bands_forget_the_level() -> None:
    waveforms = torch.randn(2, 16000)
    mel = LogMelSpectrogram(num_bins=40)
    assert mel(waveforms).shape == (2, 40, 101)
    assert torch.allclose(mel(waveforms), mel(0.1 * waveforms), atol=1e-2)
    assert mel(waveforms).mean(dim=(1, 2)).abs().max() < 1e-4
