"""Other people, cameras and heads for lips that talk or rest: what a small, blurred, turning face does to the points."""

import torch
from torch import Tensor
from torch.nn import functional

from pins_plugin.data.training.stretches import read_at
from pins_plugin.data.training.sync_augmentation import augment_lips
from pins_plugin.data.training.sync_clips import FRAME_RATE

FRAME_RATES = (12.0, 15.0, 24.0, 25.0, 25.0, 25.0)  # slower than the clock is what loses something


def augment_talking(
    lips: Tensor, seen: Tensor, strength: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Change the person, turn the head, make the points tremble, lose frames.

    Lips are (batch, num_frames, 88, 2), seen (batch, num_frames); `strength` is 1 as tuned.
    """
    lips = augment_lips(lips, 0.7 * strength, generator)
    lips = turn_head(lips, strength, generator)
    lips = tremble(lips, strength, generator)
    lips = slow_camera(lips, generator)
    return lose_frames(lips, seen, generator)


def turn_head(lips: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Turn, nod and tilt the head slowly: the picture of the lips is compressed and sheared over time."""
    batch, num_frames = lips.shape[:2]
    knots = max(num_frames // 10, 3)
    amount = 0.12 * strength * torch.rand(batch, 1, 1, generator=generator) ** 2
    sway = amount * torch.randn(batch, 4, knots, generator=generator)
    sway = functional.interpolate(sway, num_frames, mode="linear", align_corners=True)
    linear = torch.eye(2) + sway.transpose(1, 2).reshape(batch, num_frames, 2, 2)
    center = lips.mean(dim=2, keepdim=True)
    return (lips - center) @ linear + center


def tremble(lips: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Add the errors of a face mesh on small and blurred faces: smooth over the face, restless over time."""
    batch, num_frames = lips.shape[:2]
    x, y = (lips - lips.mean(dim=(1, 2), keepdim=True)).mean(dim=1).unbind(dim=-1)  # (batch, 88)
    fields = torch.stack([torch.ones_like(x), x, y, x * x, y * y, x * y], dim=1)  # (batch, 6, 88)
    level = torch.exp(-7.5 + 4.5 * torch.rand(batch, 1, 1, 1, generator=generator)) * strength
    noise = torch.randn(batch, num_frames, 6, 2, generator=generator)
    smooth = (noise[:, 1:] + noise[:, :-1]) / 2**0.5
    keep = torch.rand(batch, 1, 1, 1, generator=generator) < 0.5
    noise = torch.where(keep, noise, torch.cat([noise[:, :1], smooth], dim=1))
    return lips + level * torch.einsum("btfc,bfp->btpc", noise, fields)


def slow_camera(lips: Tensor, generator: torch.Generator) -> Tensor:
    """Show fewer pictures a second than the clock has, drawn out linearly as `resample_frames` does."""
    num_frames = lips.shape[1]
    shown = []
    for clip in lips:
        rate = FRAME_RATES[int(torch.randint(len(FRAME_RATES), (), generator=generator))]
        if rate >= FRAME_RATE:
            shown.append(clip)
            continue
        step = FRAME_RATE / rate
        phase = float(torch.rand((), generator=generator)) * step
        frames = torch.arange(num_frames)
        low = torch.floor((frames - phase) / step) * step + phase
        weight = ((frames - low) / step)[:, None, None]
        shown.append((1 - weight) * read_at(clip, low) + weight * read_at(clip, low + step))
    return torch.stack(shown)


def lose_frames(lips: Tensor, seen: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Lose a few frames of every fourth stretch, bridged linearly."""
    lips, seen = lips.clone(), seen.clone()
    num_frames = lips.shape[1]
    for row in range(len(lips)):
        if torch.rand((), generator=generator) > 0.25 or num_frames < 12:
            continue
        length = int(torch.randint(1, 7, (), generator=generator))
        start = int(torch.randint(1, num_frames - length - 1, (), generator=generator))
        weight = torch.linspace(0, 1, length + 2)[1:-1, None, None]
        before, after = lips[row, start - 1], lips[row, start + length]
        lips[row, start : start + length] = (1 - weight) * before + weight * after
        seen[row, start : start + length] = 0
    return lips, seen
