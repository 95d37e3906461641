"""The supervised bound learns toy people and repeats itself."""

import pytest
import torch
from torch import nn

from pins_plugin.errors import ShapeError
from pins_plugin.train.pairs.supervised import train_supervised


class ToyEncoder(nn.Linear):
    """A linear map to 4 dimensions."""

    def __init__(self) -> None:
        super().__init__(8, 4)
        self.embedding_dim = 4


def train(num_steps: int = 150) -> tuple[float, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(6).repeat(10)
    items = torch.randn(6, 8, generator=generator)[labels]
    items = items + 0.3 * torch.randn(60, 8, generator=generator)
    torch.manual_seed(0)
    encoder = ToyEncoder()
    loss = train_supervised(
        encoder, lambda positions, step: items[positions], labels, num_steps=num_steps,
        batch_size=32, learning_rate=0.05,
    )  # fmt: skip
    return loss, encoder.weight.detach()


def test_it_learns_and_repeats_itself() -> None:
    (first, _), (loss, weights), (again, same) = train(1), train(), train()
    assert loss < 0.4 * first, (first, loss)
    assert loss == again
    torch.testing.assert_close(weights, same)


def test_one_person_is_not_enough() -> None:
    with pytest.raises(ShapeError, match="two or more people, got 1"):
        train_supervised(ToyEncoder(), lambda positions, step: positions, torch.zeros(3).long())
