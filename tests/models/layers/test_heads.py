"""Heads over recognition embeddings."""

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from pins_plugin.errors import ShapeError
from pins_plugin.models.layers.heads import DirectionHead, FeatureHead, apply_head


def test_directions_by_hand():
    head = DirectionHead(2, 2, side=0).eval()
    with torch.no_grad():
        head.mean.copy_(torch.tensor([0.6, 0.0]))
        head.directions.weight.copy_(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
        head.weights.copy_(torch.tensor([1.0, 2.0]))
        head.saturation.copy_(torch.tensor([3.0, 0.0]))
    got = head(torch.tensor([[0.6, 0.8], [1.0, 0.0]]))
    assert got[0].tolist() == pytest.approx([1.0, 0.0, 0.0, 0.0])
    assert got[1].tolist() == pytest.approx([0.0, 1.0, 0.0, 0.0])


def test_squashing_leaves_the_side_only():
    head = DirectionHead(1, 2, side=0).eval()
    head.saturation[0] = 50.0
    with torch.no_grad():
        head.directions.weight.copy_(torch.ones(2, 1))
    squashed = 1 / 50
    assert head(torch.tensor([[1.0]]))[0, 0].item() == pytest.approx(
        squashed / (1 + squashed**2) ** 0.5, rel=1e-4
    )


def test_short_embeddings_keep_their_length_across_sides():
    heads = [DirectionHead(1, 1, side).eval() for side in (0, 1)]
    with torch.no_grad():
        for head in heads:
            head.directions.weight.fill_(1.0)
            head.radius.fill_(2.0)
    face, voice = heads[0](torch.tensor([[0.5]])), heads[1](torch.tensor([[1.0]]))
    assert face.norm().item() == pytest.approx(1.0) and voice.norm().item() == pytest.approx(1.0)
    assert (face @ voice.T).item() == pytest.approx(0.25 * 0.5)  # each over the radius


def test_cosine_is_the_mean_of_the_heads_cosines_by_their_shares():
    torch.manual_seed(0)
    heads = [FeatureHead(6, side, 1, 4, num_networks=2).eval() for side in (0, 1)]
    shares = torch.tensor([0.5, 0.3, 0.2])
    for head in heads:
        head.shares.copy_(shares)
    faces, voices = torch.randn(5, 6), torch.randn(5, 6)
    got = heads[0](faces) @ heads[1](voices).T
    parts = [
        share * first(normalize(faces, dim=1)) @ second(normalize(voices, dim=1)).T
        for share, first, second in zip(shares, heads[0].heads, heads[1].heads, strict=True)
    ]
    assert torch.allclose(got, sum(parts), atol=1e-5)
    assert heads[0](faces).shape == (5, heads[0].embedding_dim)


def test_length_is_divided_out_and_long_embeddings_are_projected():
    head = FeatureHead(10, 0, 1, 3, reduced_dim=4).eval()
    rows = torch.randn(3, 10)
    assert torch.allclose(head(rows), head(300 * rows), atol=2e-3)
    assert head.heads[0].mean.shape == (4,)


def test_zero_vectors_stay_finite():
    head = FeatureHead(4, 1, 1, 2, num_networks=1).eval()
    assert head(torch.zeros(2, 4)).isfinite().all()


def test_table_is_embedded_in_parts_alike():
    head = FeatureHead(6, 0, 2, 3, num_networks=1).eval()
    rows = np.random.default_rng(0).standard_normal((10, 6)).astype(np.float32)
    got = apply_head(head, rows, rows_per_batch=3)
    assert got == pytest.approx(head(torch.from_numpy(rows)).detach().numpy(), abs=1e-6)
    assert np.linalg.norm(got, axis=1) == pytest.approx(np.ones(10))


def test_other_dimension_is_refused():
    with pytest.raises(ShapeError, match=r"expected .batch, 6., got .2, 5."):
        FeatureHead(6, 0, 1)(torch.ones(2, 5))
