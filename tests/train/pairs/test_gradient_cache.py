"""Gradients in chunks against gradients of the whole batch."""

import copy

import pytest
import torch
from torch import nn

from pins_plugin.errors import PinsError, ShapeError
from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.miners.curriculum import CurriculumMiner
from pins_plugin.train.pairs.gradient_cache import backward_in_chunks, depends_on_chunks


@pytest.mark.parametrize("chunk_size", [1, 7, 30, 100])
@pytest.mark.parametrize(
    "objective",
    [MultiwayMatchingLoss(), MinedContrastiveLoss(ContrastiveLoss(1.2), CurriculumMiner())],
)
def test_chunks_give_the_gradients_of_the_whole_batch(objective, chunk_size):
    torch.manual_seed(0)
    encoders = [nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4)), nn.Linear(9, 4)]
    whole, whole_objective = copy.deepcopy(encoders), copy.deepcopy(objective)
    faces, voices = torch.randn(30, 6), torch.randn(30, 9)
    objective.zero_grad()
    loss = backward_in_chunks(encoders, [faces, voices], objective, chunk_size)
    expected = whole_objective(whole[0](faces), whole[1](voices))
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    pairs = zip(
        nn.ModuleList([*encoders, objective]).parameters(),
        nn.ModuleList([*whole, whole_objective]).parameters(),
        strict=True,
    )
    for ours, theirs in pairs:
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-6)


class GhostBatches(nn.Module):
    """Runs an encoder on each chunk by itself: what gradient caching makes of batch normalization."""

    def __init__(self, encoder, chunk_size):
        super().__init__()
        self.encoder, self.chunk_size = encoder, chunk_size

    def forward(self, values):
        return torch.cat([self.encoder(part) for part in values.split(self.chunk_size)])


def make_normalized(width):
    return nn.Sequential(nn.Linear(width, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))


def gradients(encoders):
    return [weight.grad.clone() for weight in nn.ModuleList(encoders).parameters()]


@pytest.mark.parametrize("frozen", [True, False])
def test_batch_normalization_sees_chunks_unless_it_is_frozen(frozen):
    torch.manual_seed(0)
    encoders = [make_normalized(6), make_normalized(9)]
    for encoder in encoders:
        encoder[1].train(not frozen)
    assert all(depends_on_chunks(encoder) is not frozen for encoder in encoders)
    whole, ghost = copy.deepcopy(encoders), copy.deepcopy(encoders)
    inputs = [torch.randn(24, 6), torch.randn(24, 9)]
    loss = MultiwayMatchingLoss()
    backward_in_chunks(encoders, inputs, loss, 8)
    loss(*(encoder(values) for encoder, values in zip(whole, inputs, strict=True))).backward()
    chunked = [GhostBatches(encoder, 8) for encoder in ghost]
    loss(*(encoder(values) for encoder, values in zip(chunked, inputs, strict=True))).backward()
    for ours, theirs in zip(gradients(encoders), gradients(ghost), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    for ours, theirs in zip(encoders, ghost, strict=True):  # counted once, not in both passes
        torch.testing.assert_close(ours[1].running_mean, theirs[1].running_mean)
        torch.testing.assert_close(ours[1].running_var, theirs[1].running_var)
    differ = max(
        (ours - theirs).abs().max().item()
        for ours, theirs in zip(gradients(encoders), gradients(whole), strict=True)
    )
    assert differ < 1e-5 if frozen else differ > 1e-3


def test_dropout_is_the_same_in_both_passes():
    torch.manual_seed(0)
    seen = []
    encoder = nn.Sequential(nn.Linear(6, 4), nn.Dropout(0.5))
    encoder.register_forward_hook(lambda _module, _inputs, output: seen.append(output.detach()))
    other = nn.Linear(6, 4)
    backward_in_chunks([encoder, other], [torch.randn(10, 6)] * 2, MultiwayMatchingLoss(), 5)
    assert torch.equal(torch.cat(seen[:2]), torch.cat(seen[2:]))
    assert not torch.equal(seen[0], seen[1])


def test_chunks_refuse_bad_input():
    encoders = [nn.Linear(2, 2), nn.Linear(2, 2)]
    with pytest.raises(PinsError, match="chunk_size"):
        backward_in_chunks(encoders, [torch.ones(3, 2)] * 2, MultiwayMatchingLoss(), 0)
    with pytest.raises(ShapeError, match="two equal shapes"):
        backward_in_chunks(
            encoders, [torch.ones(3, 2), torch.ones(4, 2)], MultiwayMatchingLoss(), 2
        )
