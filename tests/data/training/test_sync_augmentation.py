"""Augmentation: what it must keep, and what it must change."""

import torch

from pins_plugin.data.training import sync_augmentation as augmentation


def test_mirror_order_is_its_own_inverse() -> None:
    order = augmentation.MIRROR_ORDER
    assert sorted(order) == list(range(88))
    assert [order[point] for point in order] == list(range(88))


def test_augment_lips_keeps_when_the_mouth_moves() -> None:
    generator = torch.Generator().manual_seed(0)
    shape = torch.randn(88, 2, generator=generator)
    opening = torch.zeros(88, 2)
    opening[:, 1] = shape[:, 1].sign()
    movement = torch.sin(torch.arange(60) / 3)
    lips = (shape + 0.2 * movement[:, None, None] * opening).expand(16, -1, -1, -1)
    changed = augmentation.augment_lips(lips, 1.0, generator)
    assert changed.shape == lips.shape
    height = changed[..., 1].std(dim=2)
    height = height - height.mean(dim=1, keepdim=True)
    correlation = (height * movement).sum(dim=1) / (height.norm(dim=1) * movement.norm())
    assert correlation.median() > 0.9
    assert (changed - lips).abs().mean() > 0.05


def test_warp_bands_without_warp_changes_nothing() -> None:
    spectrograms = torch.randn(2, 40, 9, generator=torch.Generator().manual_seed(0))
    still = augmentation.warp_bands(spectrograms, torch.zeros(2, 1), torch.zeros(2, 1))
    torch.testing.assert_close(still, spectrograms, atol=1e-4, rtol=0)


def test_warp_bands_moves_a_peak_down_when_reading_higher() -> None:
    spectrograms = torch.zeros(1, 41, 1)
    spectrograms[0, 20] = 1.0
    moved = augmentation.warp_bands(spectrograms, torch.zeros(1, 1), torch.full((1, 1), 0.2))
    assert moved[0, :, 0].argmax() == 16  # a tenth of 40 bands lower


def test_augment_spectrograms_keeps_when_it_is_loud() -> None:
    generator = torch.Generator().manual_seed(0)
    loudness = 4 * torch.sin(torch.arange(240) / 12)
    spectrograms = loudness.expand(16, 40, -1) + torch.randn(16, 40, 1, generator=generator)
    changed = augmentation.augment_spectrograms(spectrograms, 1.0, generator)
    level = changed.mean(dim=1)
    level = level - level.mean(dim=1, keepdim=True)
    correlation = (level * loudness).sum(dim=1) / (level.norm(dim=1) * loudness.norm())
    assert correlation.min() > 0.7
    assert changed.isfinite().all()
