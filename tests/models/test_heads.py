"""Heads over recognition embeddings."""

import numpy as np
import pytest
import torch

from pins_plugin.errors import ShapeError
from pins_plugin.models.heads import FeatureHead, apply_head


def test_head_by_hand():
    head = FeatureHead(2, 2).eval()
    with torch.no_grad():
        head.mean.copy_(torch.tensor([0.6, 0.0]))
        head.directions.weight.copy_(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
        head.weights.copy_(torch.tensor([1.0, 2.0]))
        head.saturation.copy_(torch.tensor([3.0, 0.0]))
    got = head(torch.tensor([[6.0, 8.0], [10.0, 0.0]]))  # unit length: (0.6, 0.8), (1, 0)
    assert got[0].tolist() == pytest.approx([1.0, 0.0])
    assert got[1].tolist() == pytest.approx([0.0, 1.0])


def test_squashing_leaves_the_side_only():
    head = FeatureHead(1, 2).eval()
    head.saturation[0] = 50.0
    with torch.no_grad():
        head.directions.weight.copy_(torch.ones(2, 1))
    squashed = 1 / 50
    assert head(torch.tensor([[5.0]]))[0, 0].item() == pytest.approx(
        squashed / (1 + squashed**2) ** 0.5, rel=1e-4
    )


def test_network_starts_at_zero_and_changes_nothing():
    torch.manual_seed(0)
    plain, deep = FeatureHead(6, 3), FeatureHead(6, 3, hidden_dim=8)
    deep.load_state_dict(plain.state_dict(), strict=False)
    rows = torch.randn(5, 6)
    assert torch.equal(plain(rows), deep.eval()(rows))


def test_table_is_embedded_in_parts_alike():
    head = FeatureHead(6, 3).eval()
    rows = np.random.default_rng(0).standard_normal((10, 6)).astype(np.float32)
    got = apply_head(head, rows, rows_per_batch=3)
    assert got == pytest.approx(head(torch.from_numpy(rows)).detach().numpy(), abs=1e-6)
    assert np.linalg.norm(got, axis=1) == pytest.approx(np.ones(10))


def test_other_dimension_is_refused():
    with pytest.raises(ShapeError, match=r"expected .batch, 6., got .2, 5."):
        FeatureHead(6, 3)(torch.ones(2, 5))
