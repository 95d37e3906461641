"""Augmentation keeps shapes and ranges, follows its generator, and does not depend on the number of processes."""

import pytest
import torch
from torch import Generator

from pins_plugin.data.training.augmentation import FaceAugmentation, VoiceAugmentation

OFF = {"brightness": 0, "contrast": 0, "saturation": 0, "shift": 0, "zoom": 0}
INPUTS = {"faces": torch.rand(8, 3, 16, 16), "waveforms": 0.3 * torch.randn(8, 4000)}


def make(kind: str):
    return FaceAugmentation() if kind == "faces" else VoiceAugmentation(noise=1, reverberation=0.5)


@pytest.mark.parametrize("kind", ["faces", "waveforms"])
def test_same_generator_same_result(kind: str) -> None:
    first = make(kind)(INPUTS[kind], Generator().manual_seed(1))
    second = make(kind)(INPUTS[kind], Generator().manual_seed(1))
    other = make(kind)(INPUTS[kind], Generator().manual_seed(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert first.shape == INPUTS[kind].shape
    assert first.isfinite().all()


@pytest.mark.parametrize("kind", ["faces", "waveforms"])
def test_two_processes_make_what_one_makes(kind: str) -> None:
    whole = make(kind)(INPUTS[kind], Generator().manual_seed(1))
    shares = [
        make(kind)(INPUTS[kind][rank * 4 : rank * 4 + 4], Generator().manual_seed(1), rank, 2)
        for rank in range(2)
    ]
    assert torch.allclose(torch.cat(shares), whole, atol=1e-5)


def test_faces_stay_in_range() -> None:
    changed = FaceAugmentation(brightness=0.9, contrast=0.9)(INPUTS["faces"], Generator())
    assert changed.min() >= 0 and changed.max() <= 1


@pytest.mark.parametrize("options", [OFF, {**OFF, "zoom": 1e-9}])
def test_flip_mirrors(options: dict) -> None:
    faces = INPUTS["faces"]
    mirrored = FaceAugmentation(flip=1.0, **options)(faces, Generator())
    assert torch.allclose(mirrored, faces.flip(-1), atol=1e-5)
    assert torch.allclose(
        FaceAugmentation(flip=0.0, **options)(faces, Generator()), faces, atol=1e-5
    )


@pytest.mark.parametrize("snr", [0.0, 20.0])
def test_noise_has_the_wanted_level(snr: float) -> None:
    waveforms = INPUTS["waveforms"]
    noisy = VoiceAugmentation(1.0, (snr, snr), 0.0)(waveforms, Generator())
    noise = noisy - waveforms
    measured = 20 * (waveforms.norm(dim=1) / noise.norm(dim=1)).log10()
    assert torch.allclose(measured, torch.full((8,), snr), atol=1e-3)


def test_echo_comes_after_the_sound_at_the_same_level() -> None:
    click = torch.zeros(4, 8000)
    click[:, 2000] = 1.0
    echo = VoiceAugmentation(0.0, reverberation=1.0, decay=(0.3, 0.3))(click, Generator())
    assert echo[:, :2000].abs().max() < 1e-3
    assert (echo[:, 2001:4000].norm(dim=1) > echo[:, 6001:].norm(dim=1)).all()
    assert torch.allclose(echo.norm(dim=1), click.norm(dim=1), rtol=1e-4)


def test_nothing_happens_at_probability_zero() -> None:
    waveforms = INPUTS["waveforms"]
    assert torch.equal(VoiceAugmentation(0.0, reverberation=0.0)(waveforms, Generator()), waveforms)
