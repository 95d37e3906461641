"""Window matching against a loop over windows and offsets."""

import math

import pytest
import torch

from pins_plugin.errors import PinsError
from pins_plugin.losses.window_matching import WindowMatchingLoss


def loop_over_windows(lips, sound, max_offset, length, scale, separation=0.0):
    """Mean of -log softmax at offset zero."""
    losses = []
    for clip in range(len(lips)):
        for start in range(lips.shape[1] - length + 1):
            evidence = {}
            for offset in range(-max_offset, max_offset + 1):
                frames = [
                    frame
                    for frame in range(start, start + length)
                    if 0 <= frame + offset < sound.shape[1]
                ]
                if len(frames) >= length / 2:
                    mean = sum(
                        float(lips[clip, frame] @ sound[clip, frame + offset]) for frame in frames
                    ) / len(frames)
                    evidence[offset] = math.exp(scale * math.sqrt(length) * mean)
            total = sum(evidence.values())
            for side in (lips, sound) if separation else ():
                for offset in range(-max_offset, max_offset + 1):
                    frames = [
                        frame
                        for frame in range(start, start + length)
                        if 0 <= frame + offset < side.shape[1]
                    ]
                    if abs(offset) > 2 and len(frames) >= length / 2:
                        mean = sum(
                            float(side[clip, frame] @ side[clip, frame + offset])
                            for frame in frames
                        ) / len(frames)
                        total += separation * math.exp(scale * math.sqrt(length) * mean)
            losses.append(-math.log(evidence[0] / total))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("separation", [0.0, 0.5])
def test_loss_equals_loop_over_windows(separation: float) -> None:
    generator = torch.Generator().manual_seed(0)
    lips = torch.nn.functional.normalize(torch.randn(2, 9, 4, generator=generator), dim=-1)
    sound = torch.nn.functional.normalize(torch.randn(2, 9, 4, generator=generator), dim=-1)
    expected = (
        sum(loop_over_windows(lips, sound, 4, length, 2.0, separation) for length in (2, 5)) / 2
    )
    loss = WindowMatchingLoss(4, (2, 5), scale=2.0, separation_weight=separation)
    torch.testing.assert_close(loss(lips, sound).item(), expected, rtol=1e-5, atol=1e-6)


def test_gradients_are_finite_in_both_branches_and_the_scale() -> None:
    generator = torch.Generator().manual_seed(1)
    lips = torch.randn(2, 20, 4, generator=generator, requires_grad=True)
    sound = torch.randn(2, 20, 4, generator=generator, requires_grad=True)
    loss = WindowMatchingLoss()
    loss(lips, sound).backward()
    for gradient in (lips.grad, sound.grad, loss.log_scale.grad):
        assert gradient is not None
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0


def test_the_true_moment_costs_least() -> None:
    features = torch.nn.functional.normalize(
        torch.randn(1, 60, 16, generator=torch.Generator().manual_seed(2)), dim=-1
    )
    loss = WindowMatchingLoss(max_offset=5)
    assert loss(features, features) < 0.1 < loss(features, features.roll(2, dims=1))


def test_wrong_separation_is_explained() -> None:
    with pytest.raises(PinsError, match="lips, sound"):
        WindowMatchingLoss(separation_weight=1.0, separated=("face",))
