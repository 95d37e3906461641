"""Objectives by name."""

import pytest
import torch

from pins_plugin.errors import PinsError
from pins_plugin.train.features.named_objectives import LOSSES, MINERS, make_objective


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("miner", MINERS)
def test_every_name_gives_an_objective_that_masks(loss, miner):
    torch.manual_seed(0)
    faces = torch.randn(6, 4, requires_grad=True)
    people = torch.tensor([0, 0, 1, 1, 2, 2])
    value = make_objective(loss, miner)(
        faces, torch.randn(6, 4), allowed=people[:, None] != people[None]
    )
    value.backward()
    assert value.isfinite() and faces.grad.isfinite().all()


@pytest.mark.parametrize(
    ("names", "message"),
    [(("triplet",), "loss: expected one of contrastive, .* got 'triplet'"),
     (("contrastive", "easy"), "miner: expected one of random, .* got 'easy'")],
)  # fmt: skip
def test_other_names_are_refused(names, message):
    with pytest.raises(PinsError, match=message):
        make_objective(*names)
