"""Voices whose truth is known: sines, and an encoder that tells their frequencies apart."""

from collections.abc import Callable

import numpy as np
import pytest
import torch


class PitchEncoder(torch.nn.Module):
    """Embeds a sine by its frequency, in bands of 50 Hz up to 800 Hz, however long it is."""

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        spectra = torch.fft.rfft(waveforms).abs()
        pitches = torch.fft.rfftfreq(waveforms.shape[1], 1 / 16000)
        inside = pitches < 800
        bands = torch.zeros(len(spectra), 16)
        bands.index_add_(1, (pitches[inside] / 50).long(), spectra[:, inside])
        return torch.nn.functional.normalize(bands, dim=1)


@pytest.fixture
def pitch_encoder() -> PitchEncoder:
    return PitchEncoder()


@pytest.fixture
def sines() -> Callable[..., np.ndarray]:
    """Sines of (frequency, seconds), one after the other."""

    def join(*parts: tuple[float, float]) -> np.ndarray:
        pieces = [np.sin(2 * np.pi * f * np.arange(round(s * 16000)) / 16000) for f, s in parts]
        return np.concatenate(pieces).astype(np.float32) / 2

    return join
