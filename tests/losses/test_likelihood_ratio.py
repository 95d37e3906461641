"""The loss of a density ratio, against a slow double loop and its known minimum."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from pins_plugin.losses.likelihood_ratio import LikelihoodRatioLoss, agreement_weights


def test_loss_is_the_formula_pair_by_pair() -> None:
    torch.manual_seed(0)
    faces, voices = normalize(torch.randn(3, 5), dim=1), normalize(torch.randn(4, 5), dim=1)
    weights = torch.rand(3, 4) * 2
    total = 0.0
    for i in range(3):
        for j in range(4):
            ratio = 1 + 0.9 * float(faces[i] @ voices[j])
            total += float(weights[i, j]) * math.log(1 + 1 / ratio) + math.log(1 + ratio)
    assert float(LikelihoodRatioLoss(0.9)(faces, voices, weights)) == pytest.approx(
        total / 12, abs=1e-6
    )


@pytest.mark.parametrize("weight", [0.2, 1.0, 1.8])
def test_loss_is_least_where_the_ratio_is_the_weight(weight: float) -> None:
    angles = torch.linspace(0.01, math.pi - 0.01, 400)
    voices = torch.stack([angles.cos(), angles.sin()], dim=1)
    loss = LikelihoodRatioLoss(0.97)
    face, full = torch.tensor([[1.0, 0.0]]), torch.full((1, 1), weight)
    losses = torch.stack([loss(face, voice[None], full) for voice in voices])
    ratio = 1 + 0.97 * float(angles[losses.argmin()].cos())
    assert ratio == pytest.approx(weight, abs=0.02)


def test_weights_have_mean_one_and_do_not_care_which_value_is_which() -> None:
    faces, voices = torch.rand(6), torch.rand(9)
    weights = agreement_weights(faces, voices)
    assert float(weights.mean()) == pytest.approx(1.0, abs=1e-6)
    torch.testing.assert_close(weights, agreement_weights(1 - faces, 1 - voices))


def test_opposite_embeddings_have_finite_gradients() -> None:
    faces = torch.tensor([[1.0, 0.0]], requires_grad=True)
    LikelihoodRatioLoss(0.97)(faces, -faces.detach(), torch.zeros(1, 1)).backward()
    assert faces.grad is not None and faces.grad.isfinite().all()


def test_weights_where_no_pair_agrees_are_zero() -> None:
    assert agreement_weights(torch.ones(2), torch.zeros(2)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
