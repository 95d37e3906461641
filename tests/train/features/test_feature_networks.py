"""Networks over recognition embeddings: what meets in a batch, when they stop, the same for the same seed."""

import numpy as np
import pytest
import torch
from torch import nn

from pins_plugin.train.features.feature_networks import (
    NetworkSettings,
    NetworkTrainer,
    train_networks,
)
from pins_plugin.train.features.held_out import draw_folds
from pins_plugin.train.features.named_objectives import make_objective
from pins_plugin.train.features.people_table import PeopleTable

SETTINGS = NetworkSettings(
    hidden_dim=32, embedding_dim=8, rows_per_batch=64, most_steps=60, steps_per_check=20
)


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    people = np.repeat(np.arange(60), 3)
    side = np.sign(generator.standard_normal((60, 1)))
    faces, voices = (
        (2 * side[people] * generator.standard_normal(dim)
         + generator.standard_normal((180, dim))).astype(np.float32)
        for dim in (16, 12)
    )  # fmt: skip
    return PeopleTable(faces, voices, people, people, people, people)


class Watch(nn.Module):
    """Remembers what it was allowed to compare."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def __deepcopy__(self, memo):
        return self

    def forward(self, faces, voices, allowed):
        self.seen.append(allowed)
        return (faces * voices).sum()


def test_clips_of_one_person_are_never_negatives_of_each_other(table):
    seen = []
    trainer = NetworkTrainer(table, np.arange(10), Watch(seen), SETTINGS, seed=0)
    trainer.advance(2)
    for allowed in seen:
        assert allowed.shape == (40, 40)  # four of each
        assert ((~allowed).sum(dim=1) == 4).all() and torch.equal(allowed, allowed.T)


def test_same_seed_gives_the_same_networks_whatever_runs_between(table):
    states = []
    for steps in ((6,), (2, 4)):
        trainer = NetworkTrainer(
            table, np.arange(60), make_objective("contrastive"), SETTINGS, seed=3
        )
        for count in steps:
            trainer.advance(count)
            torch.rand(5)
        states.append(trainer.networks[0].state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


@pytest.mark.parametrize(
    ("loss", "miner"),
    [("contrastive", "random"), ("contrastive", "curriculum"), ("multiway", "random")],
)
def test_networks_learn_what_people_held_out_share(table, loss, miner):
    folds = draw_folds(table, 3, 1, 300, seed=0)
    networks, curve = train_networks(
        table, folds, None, make_objective(loss, miner), SETTINGS, quiet=True
    )
    assert len(networks) == 3 and not networks[0][0].training
    assert max(score for _, score in curve) > 0.65


def test_training_ends_when_people_held_out_no_longer_profit(table):
    folds = draw_folds(table, 2, 1, 300, seed=0)
    settings = NetworkSettings(
        hidden_dim=8,
        embedding_dim=4,
        learning_rate=0.0,
        most_steps=100,
        steps_per_check=5,
        patience=2,
    )
    _, curve = train_networks(
        table, folds, None, make_objective("contrastive"), settings, quiet=True
    )
    assert len(curve) < 20
