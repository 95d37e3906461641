"""Multiway matching against a loop and closed forms."""

import math

import pytest
import torch
from torch.nn.functional import cosine_similarity

from pins_plugin.errors import PinsError
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss


def loop_over_anchors(first, second, scale=10.0, bias=-5.0, allowed=None):
    """Mean of -log softmax at the partner, anchors in `first`."""
    losses = []
    for i in range(len(first)):
        evidence = [
            math.exp(scale * cosine_similarity(first[i], second[j], dim=0).item() + bias)
            for j in range(len(second))
        ]
        total = sum(e for j, e in enumerate(evidence) if j == i or allowed is None or allowed[i, j])
        losses.append(-math.log(evidence[i] / total))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("masked", [True, False])
def test_matching_equals_loop_over_anchors(masked):
    generator = torch.Generator().manual_seed(1)
    faces, voices = torch.randn(2, 9, 4, generator=generator)
    allowed = torch.rand(9, 9, generator=generator) < 0.5 if masked else None
    forward = loop_over_anchors(faces, voices, allowed=allowed)
    backward = loop_over_anchors(voices, faces, allowed=allowed.T if masked else None)
    got = MultiwayMatchingLoss()(faces, voices, allowed)
    assert got.item() == pytest.approx((forward + backward) / 2, rel=1e-5)


def test_equal_embeddings_cost_log_of_the_batch():
    same = torch.ones(7, 3)
    assert MultiwayMatchingLoss()(same, same).item() == pytest.approx(math.log(7), rel=1e-6)


def test_times_of_a_clip_are_matched_within_the_clip():
    generator = torch.Generator().manual_seed(2)
    faces, voices = torch.randn(2, 3, 11, 4, generator=generator)  # (clip, time, embedding_dim)
    loss = MultiwayMatchingLoss()
    expected = sum(loss(faces[k], voices[k]).item() for k in range(3)) / 3
    assert loss(faces, voices).item() == pytest.approx(expected, rel=1e-5)


def test_scale_learns_and_bias_cancels():
    faces, voices = torch.randn(2, 9, 4, generator=torch.Generator().manual_seed(3))
    loss = MultiwayMatchingLoss()
    loss(faces, voices).backward()
    assert loss.scale.grad.abs() > 1e-3 and loss.bias.grad.abs() < 1e-6
    fixed = MultiwayMatchingLoss(learnable=False)
    assert not any(p.requires_grad for p in fixed.parameters())


def test_matching_refuses_a_scale_of_zero():
    with pytest.raises(PinsError, match="scale"):
        MultiwayMatchingLoss(scale=0)
