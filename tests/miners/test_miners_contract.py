"""What every miner keeps to."""

import pytest
import torch

from pins_plugin.errors import ShapeError
from pins_plugin.miners.curriculum import CurriculumMiner
from pins_plugin.miners.hardest import HardestMiner
from pins_plugin.miners.random import RandomMiner
from pins_plugin.miners.semi_hard import SemiHardMiner

DETERMINISTIC = {
    "hardest": HardestMiner(),
    "semi-hard": SemiHardMiner(),
    "curriculum one": CurriculumMiner("one"),
    "curriculum fraction": CurriculumMiner("fraction"),
}
ALL = {"random": RandomMiner(torch.Generator().manual_seed(0)), **DETERMINISTIC}


def random_similarities(batch=24, seed=0):
    return torch.randn(batch, batch, generator=torch.Generator().manual_seed(seed)).tanh()


def as_mask(negatives):
    """(batch, batch) bool whichever form the miner answered in."""
    if negatives.dtype == torch.bool:
        return negatives
    columns = torch.arange(len(negatives))
    return negatives[:, None] == columns


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def miner(request):
    return request.param


@pytest.fixture(params=DETERMINISTIC.values(), ids=DETERMINISTIC.keys())
def deterministic(request):
    return request.param


def test_partner_is_never_a_negative(miner):
    mask = as_mask(miner(random_similarities(), 0.5))
    assert mask.any() and not mask.diagonal().any()


def test_only_allowed_candidates_are_chosen(miner):
    allowed = torch.rand(24, 24, generator=torch.Generator().manual_seed(1)) < 0.3
    mask = as_mask(miner(random_similarities(), 0.5, allowed))
    assert mask.any() and not (mask & ~allowed).any()


@pytest.mark.parametrize("batch", [1, 6])
def test_no_negative_among_one_clip_or_one_identity(miner, batch):
    allowed = torch.zeros(batch, batch, dtype=torch.bool)
    assert not as_mask(miner(random_similarities(batch), 0.5, allowed)).any()
    if batch == 1:
        assert not as_mask(miner(random_similarities(1), 0.5)).any()


def test_permuting_the_clips_permutes_the_negatives(deterministic):
    similarities, order = random_similarities(), torch.randperm(24)
    mask = as_mask(deterministic(similarities, 0.4))
    permuted = as_mask(deterministic(similarities[order][:, order], 0.4))
    assert torch.equal(permuted, mask[order][:, order])


def test_half_precision_chooses_as_the_same_values_in_full(deterministic):
    similarities = random_similarities().bfloat16()
    assert torch.equal(deterministic(similarities, 0.4), deterministic(similarities.float(), 0.4))


def test_input_with_gradient_gives_negatives_without(miner):
    assert not miner(random_similarities().requires_grad_(), 0.5).requires_grad


def test_hardest_and_semi_hard_by_hand():
    similarities = torch.tensor([[0.5, 0.9, 0.4], [0.1, 0.0, 0.2], [0.3, 0.2, 1.0]])
    assert HardestMiner()(similarities).tolist() == [1, 2, 0]
    assert SemiHardMiner()(similarities).tolist() == [2, -1, 0]


@pytest.mark.parametrize("masked", [True, False])
def test_random_is_uniform_and_repeatable(masked):
    allowed = torch.ones(5, 5, dtype=torch.bool) if masked else None
    miner, again = (RandomMiner(torch.Generator().manual_seed(3)) for _ in range(2))
    counts = torch.zeros(5, 5)
    for _ in range(2000):
        chosen = miner(torch.zeros(5, 5), allowed=allowed)
        assert torch.equal(chosen, again(torch.zeros(5, 5), allowed=allowed))
        counts += as_mask(chosen)
    assert counts.diagonal().sum() == 0
    assert (counts[~torch.eye(5, dtype=torch.bool)] - 500).abs().max() < 100


def test_batches_that_are_not_paired_are_refused(miner):
    with pytest.raises(ShapeError, match="batch, batch"):
        miner(torch.zeros(3, 4), 0.5)
