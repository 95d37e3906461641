"""Contrastive loss against a loop over pairs on a circle."""

import math

import pytest
import torch

from pins_plugin.errors import PinsError, ShapeError
from pins_plugin.losses.contrastive import ContrastiveLoss


def on_circle(degrees):
    radians = torch.tensor(degrees).deg2rad()
    return torch.stack([radians.cos(), radians.sin()], dim=1)


def loop_over_pairs(faces, voices, pairs, margin, near=0.0, only_costly=False):
    """Mean cost of partners and of (face, voice) negative pairs."""
    positive = [
        max(0.0, math.dist(faces[i].tolist(), voices[i].tolist()) - near) ** 2
        for i in range(len(faces))
    ]
    negative = [
        max(0.0, margin - math.dist(faces[i].tolist(), voices[j].tolist())) ** 2 for i, j in pairs
    ]
    if only_costly:
        positive, negative = [[c for c in costs if c > 0] for costs in (positive, negative)]
    return (sum(positive) / len(positive) + sum(negative) / max(1, len(negative))) / 2


@pytest.mark.parametrize("margin", [0.6, 1.2])
@pytest.mark.parametrize(("near", "only_costly"), [(0.0, False), (0.3, False), (0.3, True)])
def test_contrastive_equals_loop_over_pairs(margin, near, only_costly):
    faces, voices = on_circle([0.0, 40, 95, 200, 310]), on_circle([10.0, 25, 80, 260, 300])
    voice_negatives = torch.tensor([1, 0, -1, 4, 3])
    face_negatives = torch.tensor([4, 2, 1, -1, 0])
    pairs = [(i, j) for i, j in enumerate(voice_negatives.tolist()) if j >= 0]
    pairs += [(j, i) for i, j in enumerate(face_negatives.tolist()) if j >= 0]
    loss = ContrastiveLoss(margin, near, only_costly)
    expected = loop_over_pairs(faces, voices, pairs, margin, near, only_costly)
    got = loss(faces, voices, voice_negatives, face_negatives)
    assert got.item() == pytest.approx(expected, abs=1e-6)


def test_mask_of_one_negative_each_equals_index():
    generator = torch.Generator().manual_seed(0)
    faces, voices = torch.randn(2, 16, 8, generator=generator)
    index = (torch.arange(16) + 3) % 16
    mask = torch.nn.functional.one_hot(index, 16).bool()
    loss = ContrastiveLoss(1.2)
    assert loss(faces, voices, index).item() == pytest.approx(
        loss(faces, voices, mask).item(), abs=1e-6
    )


def test_negative_at_the_margin_costs_nothing_and_inside_its_square():
    faces, voices = on_circle([0.0, 60.0]), on_circle([0.0, 60.0])  # chord of 60 degrees: 1
    negatives = torch.tensor([1, 0])
    assert ContrastiveLoss(1.0)(faces, voices, negatives).item() == pytest.approx(0, abs=1e-6)
    assert ContrastiveLoss(1.5)(faces, voices, negatives).item() == pytest.approx(
        0.25 / 2, abs=1e-6
    )


def test_contrastive_refuses_bad_input():
    with pytest.raises(PinsError, match="margin"):
        ContrastiveLoss(margin=0)
    with pytest.raises(PinsError, match="positive_margin"):
        ContrastiveLoss(margin=0.6, positive_margin=0.6)
    with pytest.raises(ShapeError, match="negatives"):
        ContrastiveLoss()(torch.eye(3), torch.eye(3), torch.zeros(2, dtype=torch.int64))


@pytest.mark.parametrize("as_mask", [True, False])
def test_costly_negatives_are_those_nearer_than_the_margin(as_mask):
    faces, voices = on_circle([0.0, 90, 180]), on_circle([0.0, 10, 170])
    negatives = torch.tensor([1, -1, 0])  # face 0 is 0.17 from voice 1, face 2 is 2 from voice 0
    if as_mask:
        negatives = torch.nn.functional.one_hot(negatives.clamp(min=0), 3).bool()
        negatives[1] = False
    loss = ContrastiveLoss(margin=1.0)
    loss(faces, voices, negatives)
    assert loss.costly_share.item() == 0.5
