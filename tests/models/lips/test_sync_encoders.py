"""Synchronization encoders: clock, invariances, lengths."""

import pytest
import torch

from pins_plugin.errors import ShapeError
from pins_plugin.models.lips.sync_encoders import LipEncoder, SoundEncoder
from pins_plugin.models.lips.sync_published import PublishedLipEncoder, PublishedSoundEncoder


@pytest.fixture(scope="module")
def lip_encoder() -> LipEncoder:
    torch.manual_seed(0)
    return LipEncoder().eval()


@pytest.fixture(scope="module")
def sound_encoder() -> SoundEncoder:
    torch.manual_seed(0)
    return SoundEncoder().eval()


@pytest.mark.parametrize("num_frames", [0, 1, 3, 50])
def test_lip_features_are_one_unit_vector_per_frame(lip_encoder, num_frames: int) -> None:
    lips = torch.randn(2, num_frames, 88, 2, generator=torch.Generator().manual_seed(0))
    if num_frames == 1:
        lips = lips.repeat(1, 1, 1, 1)
    features = lip_encoder(lips)
    assert features.shape == (2, num_frames, 48)
    torch.testing.assert_close(features.norm(dim=-1), torch.ones(2, num_frames))


def test_lip_features_forget_the_mean_shape_and_the_place(lip_encoder) -> None:
    generator = torch.Generator().manual_seed(1)
    lips = torch.randn(1, 40, 88, 2, generator=generator)
    other_person = 0.3 * torch.randn(1, 1, 88, 2, generator=generator) + 5
    torch.testing.assert_close(
        lip_encoder(lips), lip_encoder(lips + other_person), atol=1e-3, rtol=0
    )


def test_lip_encoder_refuses_pictures(lip_encoder) -> None:
    with pytest.raises(ShapeError, match="expected shape"):
        lip_encoder(torch.zeros(2, 30, 48, 64))


@pytest.mark.parametrize("num_samples", [0, 100, 639, 640, 16000, 16639])
def test_sound_features_are_25_per_second(sound_encoder, num_samples: int) -> None:
    waveforms = torch.randn(2, num_samples, generator=torch.Generator().manual_seed(0))
    features = sound_encoder(waveforms)
    assert features.shape == (2, num_samples // 640, 48)
    assert features.isfinite().all()


def test_sound_features_forget_the_loudness(sound_encoder) -> None:
    waveform = torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        sound_encoder(waveform), sound_encoder(0.2 * waveform), atol=2e-2, rtol=0
    )


def test_both_branches_run_on_one_clock(lip_encoder, sound_encoder) -> None:
    """A change at one moment moves the features around that moment only."""
    generator = torch.Generator().manual_seed(2)
    lips = torch.randn(1, 60, 88, 2, generator=generator)
    spectrograms = torch.randn(1, 40, 240, generator=generator)
    changed_lips, changed_sound = lips.clone(), spectrograms.clone()
    changed_lips[:, 30, 40] += 0.5
    changed_sound[:, :, 120:124] += 0.5
    for before, after in (
        (lip_encoder(lips), lip_encoder(changed_lips)),
        (
            sound_encoder.encode_spectrograms(spectrograms),
            sound_encoder.encode_spectrograms(changed_sound),
        ),
    ):
        change = (before - after)[0].norm(dim=-1)
        assert 24 <= (change * torch.arange(60)).sum() / change.sum() <= 36
        assert 28 <= change.argmax() <= 32


def test_published_layers_give_one_feature_per_frame() -> None:
    lips = PublishedLipEncoder(embedding_dim=8).eval()
    sound = PublishedSoundEncoder(embedding_dim=8).eval()
    with torch.inference_mode():
        seen = lips(torch.rand(1, 2, 24, 32))
        heard = sound(torch.randn(1, 2 * 640 + 100))
    assert seen.shape == heard.shape == (1, 2, 8)
    torch.testing.assert_close(seen.norm(dim=-1), torch.ones(1, 2))
    assert lips.layers[0].weight.shape == (96, 1, 5, 7, 7)
    assert sound.layers[0].weight.shape == (96, 1, 5, 7)
    with pytest.raises(ShapeError, match="mouths: expected"):
        lips(torch.zeros(1, 2, 88, 2, 1))
