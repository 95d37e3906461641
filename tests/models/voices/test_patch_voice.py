"""The small voice branch, against a slow reading of its definition."""

import math

import numpy as np
import pytest
import torch

from pins_plugin.models.voices.patch_voice import PatchVoiceEncoder, PortablePatchTrunk, mel_bands


@pytest.fixture(scope="module")
def encoder() -> PatchVoiceEncoder:
    torch.manual_seed(0)
    return PatchVoiceEncoder().eval()


def test_bands_are_triangles_of_one_area_with_peaks_on_the_mel_scale() -> None:
    bands = mel_bands()
    assert bands.shape == (24, 257) and (bands >= 0).all()
    mels = np.linspace(2595 * math.log10(1 + 100 / 700), 2595 * math.log10(1 + 8000 / 700), 26)
    centers = 700 * (10 ** (mels[1:-1] / 2595) - 1)
    peaks = bands[8:].argmax(dim=1).numpy() * 16000 / 512
    assert np.abs(peaks - centers[8:]).max() <= 16000 / 512
    areas = bands[12:].sum(dim=1) * 16000 / 512  # wide enough for the grid of frequencies
    torch.testing.assert_close(areas, torch.ones(12), atol=0.05, rtol=0)


def test_a_patch_is_the_standardized_log_spectrum_by_hand(encoder: PatchVoiceEncoder) -> None:
    sound = np.random.default_rng(0).normal(size=400 + 160 * 67).astype(np.float32)
    rows = []
    for start in range(0, 160 * 68, 160):
        frame = sound[start : start + 400].astype(np.float64)
        frame = np.concatenate([[0.03 * frame[0]], frame[1:] - 0.97 * frame[:-1]])
        power = np.abs(np.fft.rfft(frame * np.hanning(400), 512)) ** 2
        rows.append(np.log(mel_bands().double().numpy() @ power + 1e-10))
    expected = np.array(rows)
    expected = (expected - expected.mean()) / expected.std()
    patches, level = encoder.trunk.cut_patches(torch.from_numpy(sound)[None])
    assert patches.shape == (1, 1, 68, 24) and level.shape == (1, 1)
    np.testing.assert_allclose(patches[0, 0].numpy(), expected, atol=2e-3)


def test_loudness_does_not_matter_and_silence_hardly_counts(encoder: PatchVoiceEncoder) -> None:
    generator = torch.Generator().manual_seed(1)
    sound = torch.randn(1, 32000, generator=generator) * 0.1
    torch.testing.assert_close(encoder(sound), encoder(5 * sound), atol=1e-3, rtol=0)
    hiss = 1e-4 * torch.randn(1, 48000, generator=generator)
    assert (encoder(sound) * encoder(torch.cat([hiss, sound], dim=1))).sum() > 0.99


def test_relative_lengths_shut_padding_out(encoder: PatchVoiceEncoder) -> None:
    generator = torch.Generator().manual_seed(2)
    short = torch.randn(1, 16000, generator=generator)
    padded = torch.cat([short, torch.zeros(1, 16000)], dim=1)
    torch.testing.assert_close(encoder(padded, torch.tensor([0.5])), encoder(short))


@pytest.mark.parametrize("num_samples", [10, 1600, 11119])
def test_sound_shorter_than_a_patch_is_repeated(encoder, num_samples: int) -> None:
    assert encoder(torch.randn(2, num_samples)).isfinite().all()


@pytest.mark.parametrize(("batch", "num_samples"), [(1, 4000), (3, 11120), (2, 50001)])
def test_convolutions_compute_the_same(
    encoder: PatchVoiceEncoder, batch: int, num_samples: int
) -> None:
    generator = torch.Generator().manual_seed(3)
    sound = 0.1 * torch.randn(batch, num_samples, generator=generator)
    portable = PortablePatchTrunk(encoder.trunk)
    for found, expected in zip(
        portable.cut_patches(sound), encoder.trunk.cut_patches(sound), strict=True
    ):
        torch.testing.assert_close(found, expected, atol=2e-3, rtol=0)
    torch.testing.assert_close(portable(sound), encoder.trunk(sound), atol=1e-3, rtol=1e-3)
