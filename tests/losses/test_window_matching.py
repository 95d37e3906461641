"""Window matching against a loop over windows and offsets."""

import math

import torch

from pins_plugin.losses.window_matching import WindowMatchingLoss


def loop_over_windows(lips, sound, max_offset, length, scale):
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
            losses.append(-math.log(evidence[0] / sum(evidence.values())))
    return sum(losses) / len(losses)


def test_loss_equals_loop_over_windows() -> None:
    generator = torch.Generator().manual_seed(0)
    lips = torch.nn.functional.normalize(torch.randn(2, 9, 4, generator=generator), dim=-1)
    sound = torch.nn.functional.normalize(torch.randn(2, 9, 4, generator=generator), dim=-1)
    expected = sum(loop_over_windows(lips, sound, 3, length, 2.0) for length in (2, 5)) / 2
    found = WindowMatchingLoss(max_offset=3, window_lengths=(2, 5), scale=2.0)(lips, sound)
    torch.testing.assert_close(found.item(), expected, rtol=1e-5, atol=1e-6)


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
