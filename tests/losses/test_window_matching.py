"""Window matching against a loop over windows and offsets."""

import math

import pytest
import torch

from pins_plugin.errors import PinsError
from pins_plugin.losses.window_matching import WindowMatchingLoss


def mean_similarity(first, second, frames, offset, length):
    """Over the frames whose partner exists; None where that is less than half of the window."""
    pairs = [(frame, frame + offset) for frame in frames if 0 <= frame + offset < len(second)]
    if len(pairs) < length / 2:
        return None
    return sum(float(first[frame] @ second[partner]) for frame, partner in pairs) / len(pairs)


def loop_over_windows(lips, sound, max_offset, length, scale, separation=0.0):
    """Mean of -log softmax at offset zero."""
    losses = []
    lead = (sound.shape[1] - lips.shape[1]) // 2
    for clip in range(len(lips)):
        middle = sound[clip, lead : lead + lips.shape[1]]
        sides = [(lips[clip], sound[clip], lead, 1.0)]
        if separation:
            sides += [
                (lips[clip], lips[clip], 0, separation),
                (middle, sound[clip], lead, separation),
            ]
        for start in range(lips.shape[1] - length + 1):
            frames = range(start, start + length)
            total = 0.0
            for place, (first, second, ahead, weight) in enumerate(sides):
                for offset in range(-max_offset, max_offset + 1):
                    mean = mean_similarity(first, second, frames, offset + ahead, length)
                    if mean is None or (place > 0 and abs(offset) <= 2):
                        continue
                    evidence = weight * math.exp(scale * math.sqrt(length) * mean)
                    total += evidence
                    if place == 0 and offset == 0:
                        partner = evidence
            losses.append(-math.log(partner / total))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("lead", [0, 3])
@pytest.mark.parametrize("separation", [0.0, 0.5])
def test_loss_equals_loop_over_windows(separation: float, lead: int) -> None:
    generator = torch.Generator().manual_seed(0)
    lips, sound = (
        torch.nn.functional.normalize(torch.randn(2, count, 4, generator=generator), dim=-1)
        for count in (9, 9 + 2 * lead)
    )
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


@pytest.mark.parametrize("wrong", [{"max_offset": 0}, {"window_lengths": ()}, {"scale": -1.0}])
def test_what_would_learn_nothing_is_refused(wrong: dict) -> None:
    with pytest.raises(PinsError, match="window_lengths, scale"):
        WindowMatchingLoss(**wrong)


def test_lips_of_others_are_compared_at_the_same_moment() -> None:
    torch.manual_seed(3)
    lips = torch.nn.functional.normalize(torch.randn(3, 12, 4), dim=-1)
    sound = torch.nn.functional.normalize(torch.randn(3, 16, 4), dim=-1)
    options = {"max_offset": 2, "window_lengths": (5,), "scale": 2.0}
    without = WindowMatchingLoss(**options)(lips, sound)
    losses = []
    for clip in range(3):
        for first in range(12 - 5 + 1):
            frames = slice(first, first + 5)
            heard = sound[clip, 2:14][frames]
            logits = torch.stack(
                [
                    2.0 * 5**0.5 * (lips[other, frames] * heard).sum(-1).mean()
                    for other in (clip, (clip - 1) % 3, (clip - 2) % 3)
                ]
            )
            losses.append(-logits.log_softmax(0)[0])
    loss = WindowMatchingLoss(**options, num_others=2)(lips, sound)
    torch.testing.assert_close(loss - without, torch.stack(losses).mean(), rtol=0, atol=1e-5)
    alone = WindowMatchingLoss(**options, num_others=9)(lips[:1], sound[:1])
    torch.testing.assert_close(alone, WindowMatchingLoss(**options)(lips[:1], sound[:1]))
