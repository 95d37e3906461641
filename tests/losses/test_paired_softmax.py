"""The fused cross-entropy against torch's own."""

import pytest
import torch
from torch.nn.functional import cross_entropy, normalize

from pins_plugin.losses.paired_softmax import LARGEST_SCALE, paired_cross_entropy


def pair(*shape, dtype=torch.float64):
    values = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    return (normalize(part, dim=-1).requires_grad_() for part in values)


@pytest.mark.parametrize("shape", [(1, 3), (17, 5), (3, 11, 4)])
@pytest.mark.parametrize("scale", [0.5, 10.0, LARGEST_SCALE])
@pytest.mark.parametrize("weights", [(0.5, 0.5), (1.0, 0.0), (0.0, 1.0)])
def test_value_and_gradients_equal_cross_entropy(shape, scale, weights):
    first, second = pair(*shape)
    scale = torch.tensor(scale, dtype=torch.float64, requires_grad=True)
    ours = torch.stack(paired_cross_entropy(first, second, scale))
    weights = torch.tensor(weights, dtype=torch.float64)
    got = torch.autograd.grad((ours * weights).sum(), (first, second, scale))
    logits = scale * first @ second.mT
    classes = torch.arange(shape[-2]).expand(shape[:-1]).flatten()
    theirs = torch.stack(
        [cross_entropy(m.flatten(0, -2), classes) for m in (logits, logits.mT.contiguous())]
    )
    expected = torch.autograd.grad((theirs * weights).sum(), (first, second, scale))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(got, expected)


def test_opposite_pairs_stay_finite_in_single_precision():
    first = torch.eye(4).requires_grad_()
    loss = paired_cross_entropy(first, -torch.eye(4), torch.tensor(LARGEST_SCALE))[0]
    loss.backward()
    assert loss.item() == pytest.approx(LARGEST_SCALE + torch.tensor(3.0).log().item(), rel=1e-5)
    assert first.grad.isfinite().all()
