"""Other people's lips and voices, made from those at hand.

What may differ between people (the shape of the mouth, how far it opens, the vocal tract, the microphone) is
varied; what makes synchrony (when something moves) is kept.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

NUM_LIP_POINTS = 80
# The point that each of the 88 points becomes in a mirror. The 80 lip points are four rims of 20: eleven along the lower lip,
# from one corner of the mouth to the other, then nine along the upper lip; the 8 chin points are middle, pairs and middle again.
RIM = [*range(10, -1, -1), *range(19, 10, -1)]
MIRROR_ORDER = [20 * rim + point for rim in range(4) for point in RIM]
MIRROR_ORDER += [80, 82, 81, 84, 83, 85, 86, 87]


def augment_lips(lips: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change the person, the style and the camera of (batch, num_frames, 88, 2) lips; around their own center afterwards.

    `strength` is 1 as tuned, 0 for (nearly) no change.
    """
    batch, num_frames, num_points, _ = lips.shape
    normal, uniform = _draws(strength, generator)
    lips = lips - lips.mean(dim=(1, 2), keepdim=True)
    mirrored = lips[:, :, MIRROR_ORDER] * torch.tensor([-1.0, 1.0])
    lips = torch.where(uniform(batch, 1, 1, 1) < 0.5, mirrored, lips)
    mean = lips.mean(dim=1, keepdim=True)
    lips = mean + (lips - mean) * (0.3 * normal(batch, 1, 1, 1)).exp()  # how far it moves
    lips = lips @ (torch.eye(2) + 0.12 * normal(batch, 1, 2, 2))  # pose, proportions
    x, y = lips.unbind(dim=-1)
    lips = lips + torch.stack([x * x, y * y, x * y], -1) @ (0.15 * normal(batch, 1, 3, 2))
    mouth, chin = lips[:, :, :NUM_LIP_POINTS], lips[:, :, NUM_LIP_POINTS:]
    chin = chin * (0.15 * normal(batch, 1, 1, 1)).exp() + 0.05 * normal(batch, 1, 1, 2)
    lips = torch.cat([mouth, chin], dim=2)
    sway = normal(batch, 2, max(num_frames // 12, 2))  # slow movement of the head
    sway = functional.interpolate(sway, num_frames, mode="linear").transpose(1, 2)[:, :, None]
    jitter = 0.01 * normal(batch, num_frames, num_points, 2) * uniform(batch, 1, 1, 1)
    tremble = 0.02 * normal(batch, num_frames, 1, 2) * uniform(batch, 1, 1, 1)
    return lips + 0.02 * sway + jitter + tremble


def augment_mouths(mouths: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change the light, the contrast and the place of (batch, num_frames, height, width) mouths in [0, 1]."""
    batch = len(mouths)
    normal, uniform = _draws(strength, generator)
    mouths = torch.where(uniform(batch, 1, 1, 1) < 0.5, mouths.flip(-1), mouths)
    mouths = mouths.clamp(1e-3, 1) ** (0.3 * normal(batch, 1, 1, 1)).exp()
    mouths = mouths * (0.2 * normal(batch, 1, 1, 1)).exp() + 0.1 * normal(batch, 1, 1, 1)
    linear = torch.eye(2) + 0.1 * normal(batch, 2, 2)
    matrices = torch.cat([linear, 0.1 * normal(batch, 2, 1)], dim=2)
    grid = functional.affine_grid(matrices, list(mouths.shape), align_corners=False)
    mouths = functional.grid_sample(mouths, grid, padding_mode="border", align_corners=False)
    return mouths.clamp(0, 1)


def augment_spectrograms(
    spectrograms: Tensor, strength: float, generator: torch.Generator
) -> Tensor:
    """Change the vocal tract, the microphone, the noise; hide a few bands (SpecAugment).

    Spectrograms (batch, num_bins, num_spectra) are the natural logarithm of mel energies.
    """
    batch, num_bins, _ = spectrograms.shape
    normal, uniform = _draws(strength, generator)
    spectrograms = warp_bands(spectrograms, 0.12 * normal(batch, 1), 0.05 * normal(batch, 1))
    equalizer = functional.interpolate(
        normal(batch, 1, 6), num_bins, mode="linear", align_corners=True
    ).transpose(1, 2)
    tilt = 0.8 * normal(batch, 1, 1) * torch.linspace(-1, 1, num_bins)[:, None]
    spectrograms = spectrograms + equalizer + tilt
    level = spectrograms.amax(dim=(1, 2), keepdim=True) - 2 - 10 * uniform(batch, 1, 1)
    color = 0.5 * torch.randn(batch, num_bins, 1, generator=generator)
    noise = level + color + 0.5 * torch.randn(spectrograms.shape, generator=generator)
    noisy = torch.logaddexp(spectrograms, noise)
    spectrograms = torch.where(uniform(batch, 1, 1) < 0.7 * strength, noisy, spectrograms)
    bands = torch.arange(num_bins)
    for _ in range(2):
        first = torch.randint(0, num_bins - 4, (batch, 1), generator=generator)
        width = torch.randint(0, 6, (batch, 1), generator=generator)
        hidden = (bands >= first) & (bands < first + width)
        hidden &= uniform(batch, 1) < 0.5 * strength
        mean = spectrograms.mean(dim=2, keepdim=True)
        spectrograms = torch.where(hidden[:, :, None], mean, spectrograms)
    return spectrograms * (0.1 * normal(batch, 1, 1)).exp()


def warp_bands(spectrograms: Tensor, bend: Tensor, shift: Tensor) -> Tensor:
    """Move formants: read band b at b + bend (1 - b^2) + shift, with b from -1 to 1 over the bands.

    A smooth relative of vocal-tract-length perturbation (Jaitly and Hinton, 2013).

    Parameters
    ----------
    spectrograms : (batch, num_bins, num_spectra) Tensor
    bend, shift : (batch, 1) Tensor
    """
    num_bins, num_spectra = spectrograms.shape[1:]
    band = torch.linspace(-1, 1, num_bins)
    places = (band + bend * (1 - band**2) + shift + 1) / 2 * (num_bins - 1)
    places = places.clamp(0, num_bins - 1)  # (batch, num_bins)
    below = places.floor().long().clamp(max=num_bins - 2)
    weight = (places - below)[:, :, None]
    low, high = (
        spectrograms.gather(1, index[:, :, None].expand(-1, -1, num_spectra))
        for index in (below, below + 1)
    )
    return (1 - weight) * low + weight * high


def _draws(
    strength: float, generator: torch.Generator
) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """Give what draws normal numbers times `strength`, and uniform ones in [0, 1), of any shape."""
    return (
        lambda *shape: strength * torch.randn(*shape, generator=generator),
        lambda *shape: torch.rand(*shape, generator=generator),
    )
