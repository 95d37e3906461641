"""Curriculum mining against an oracle that loops over anchors."""

import math

import pytest
import torch

from pins_plugin.errors import PinsError, ShapeError
from pins_plugin.miners.curriculum import CurriculumMiner


def rank_negatives(similarities, anchor, hardness, guard, allowed=None):
    """Items (not ranks) that anchor may be compared with, easiest first."""
    row = similarities[anchor].tolist()
    items = [j for j in range(len(row)) if j != anchor and (allowed is None or allowed[anchor, j])]
    items.sort(key=lambda j: row[j])
    kept = items[: max(1, math.ceil(round(hardness * len(items), 6)))]
    return [j for j in kept if not guard or row[j] < row[anchor]]


@pytest.mark.parametrize("hardness", [0.0, 0.1, 0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("guard", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("batch", [2, 3, 17, 40])
def test_curriculum_chooses_the_ranked_items(hardness, guard, masked, batch):
    generator = torch.Generator().manual_seed(batch)
    similarities = torch.randn(batch, batch, generator=generator).tanh()
    allowed = torch.rand(batch, batch, generator=generator) < 0.7 if masked else None
    one = CurriculumMiner("one", guard)(similarities, hardness, allowed)
    fraction = CurriculumMiner("fraction", guard)(similarities, hardness, allowed)
    for anchor in range(batch):
        ranked = rank_negatives(similarities, anchor, hardness, guard, allowed)
        assert one[anchor].item() == (ranked[-1] if ranked else -1)
        assert fraction[anchor].nonzero().flatten().tolist() == sorted(ranked)


def test_curriculum_grows_harder_with_hardness():
    similarities = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    miner = CurriculumMiner("one", semi_hard_guard=False)
    chosen = [similarities.gather(1, miner(similarities, h)[:, None]) for h in (0.1, 0.4, 0.9)]
    assert (chosen[0] < chosen[1]).all() and (chosen[1] < chosen[2]).all()


def test_guard_leaves_nothing_when_the_partner_is_furthest():
    similarities = torch.ones(4, 4).fill_diagonal_(-1.0)
    assert CurriculumMiner("one")(similarities, 0.5).tolist() == [-1] * 4
    assert not CurriculumMiner("fraction")(similarities, 0.5).any()


def test_curriculum_refuses_bad_input():
    with pytest.raises(PinsError, match="hardness"):
        CurriculumMiner()(torch.eye(3), hardness=1.5)
    with pytest.raises(PinsError, match="selection"):
        CurriculumMiner("two")
    with pytest.raises(ShapeError, match="batch"):
        CurriculumMiner()(torch.zeros(3, 4))
    with pytest.raises(ShapeError, match="allowed"):
        CurriculumMiner()(torch.eye(3), allowed=torch.ones(3, 3))
