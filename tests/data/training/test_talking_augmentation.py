"""Augmentation of lips: what each kind of harm does, and that nothing is broken by it."""

import pytest
import torch

from pins_plugin.data.training.talking_augmentation import (
    augment_talking,
    lose_frames,
    slow_camera,
    tremble,
    turn_head,
)


@pytest.fixture
def lips() -> torch.Tensor:
    return torch.randn(1, 1, 88, 2, generator=torch.Generator().manual_seed(0)).expand(8, 40, 88, 2)


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_augmentation_is_repeatable_and_finite(lips: torch.Tensor) -> None:
    seen = torch.ones(8, 40)
    first, marks = augment_talking(lips, seen, 1.0, generator())
    again, same = augment_talking(lips, seen, 1.0, generator())
    assert torch.equal(first, again) and torch.equal(marks, same)
    assert first.shape == lips.shape and bool(torch.isfinite(first).all())
    assert (seen == 1).all()


def test_a_turned_head_moves_slowly_around_the_middle_of_the_lips(lips: torch.Tensor) -> None:
    turned = turn_head(lips, 1.0, generator())
    torch.testing.assert_close(turned.mean(dim=2), lips.mean(dim=2), atol=1e-4, rtol=0)
    moved = (turned[:, 1:] - turned[:, :-1]).abs().amax(dim=(1, 2, 3))
    assert (moved > 0).all() and (moved < 0.3).all()


def test_trembling_moves_neighbors_together(lips: torch.Tensor) -> None:
    added = tremble(lips, 1.0, generator()) - lips
    near = (lips[0, 0, :, None] - lips[0, 0, None]).norm(dim=-1) < 0.15
    pairs = near.nonzero()[near.nonzero()[:, 0] < near.nonzero()[:, 1]]
    assert len(pairs) > 5
    apart = (added[..., pairs[:, 0], :] - added[..., pairs[:, 1], :]).norm(dim=-1).mean()
    assert apart < 0.5 * added.norm(dim=-1).mean()


def test_a_slow_camera_keeps_straight_movement() -> None:
    line = torch.arange(60.0)[None, :, None, None].expand(30, 60, 88, 2)
    shown = slow_camera(line, generator())
    torch.testing.assert_close(shown[:, 4:-4], line[:, 4:-4], atol=1e-3, rtol=0)
    wave = torch.sin(2.5 * line)
    assert (slow_camera(wave, generator()) - wave).abs().amax(dim=(1, 2, 3)).gt(0.1).any()


def test_lost_frames_are_marked_and_bridged() -> None:
    ramp = torch.arange(40.0)[None, :, None, None].expand(64, 40, 88, 2)
    bridged, seen = lose_frames(ramp, torch.ones(64, 40), generator())
    torch.testing.assert_close(bridged, ramp)
    lost = (seen == 0).sum(dim=1)
    assert 5 < (lost > 0).sum() < 30 and lost.max() <= 6
