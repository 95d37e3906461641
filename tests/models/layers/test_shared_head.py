"""The head that leaves open what it does not know."""

import pytest
import torch

from pins_plugin.models.layers.heads import SharedHead


def _pair() -> tuple[SharedHead, SharedHead]:
    torch.manual_seed(0)
    return SharedHead(6, 8, 4, side=0).eval(), SharedHead(6, 8, 4, side=1).eval()


def test_embeddings_have_unit_length_and_two_more_dimensions() -> None:
    for head in _pair():
        embedded = head(10 * torch.randn(5, 6))
        assert embedded.shape == (5, head.embedding_dim) == (5, 6)
        torch.testing.assert_close(embedded.norm(dim=1), torch.ones(5))


def test_what_is_missing_to_unit_length_never_meets() -> None:
    """The cosine of a face and a voice is the product of their short parts, whatever is missing."""
    face_head, voice_head = _pair()
    faces, voices = face_head(torch.randn(3, 6)), voice_head(torch.randn(2, 6))
    torch.testing.assert_close(faces @ voices.T, faces[:, :4] @ voices[:, :4].T)
    assert (faces[:, 5] == 0).all() and (voices[:, 4] == 0).all()


def test_features_that_tell_nothing_match_with_nothing() -> None:
    face_head, voice_head = _pair()
    with torch.no_grad():
        face_head.last.weight.mul_(1e-4)
    similarity = face_head(torch.randn(3, 6)) @ voice_head(torch.randn(2, 6)).T
    assert similarity.abs().max() < 1e-3


def test_standardize_makes_units_and_offsets_irrelevant() -> None:
    rows = torch.randn(200, 6)
    first, second = _pair()
    second.load_state_dict(first.state_dict())
    second.side = first.side
    first.standardize(rows)
    second.standardize(100 * rows + 7)
    torch.testing.assert_close(first(rows), second(100 * rows + 7), atol=1e-4, rtol=0)


@pytest.mark.parametrize("batch", [1, 7])
def test_gradients_are_finite_even_for_no_signal(batch: int) -> None:
    head, _ = _pair()
    with torch.no_grad():
        head.last.weight.zero_()
    head(torch.zeros(batch, 6)).sum().backward()
    assert all(weight.grad.isfinite().all() for weight in head.parameters())
