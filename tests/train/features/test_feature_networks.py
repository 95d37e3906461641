"""Networks over recognition embeddings: what meets in a batch, when they stop, the same for the same seed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.miners.random import RandomMiner
from pins_plugin.train.features.feature_networks import (
    NetworkBatches,
    NetworkSettings,
    Trainee,
    train_networks,
)
from pins_plugin.train.features.held_out import draw_folds
from pins_plugin.train.features.people_table import PeopleTable

CONTRASTIVE = MinedContrastiveLoss(ContrastiveLoss(1.2), RandomMiner())
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


def test_clips_of_one_person_are_never_negatives_of_each_other(table):
    batches = NetworkBatches(table, [np.arange(10), np.arange(10, 20)], SETTINGS, [0, 1])
    batches.set_epoch(1)
    drawn = list(batches)
    assert len(drawn) == SETTINGS.steps_per_check
    for parts in drawn:
        for faces, voices, allowed in parts:
            assert len(faces) == len(voices) == 40  # four of each
            assert ((~allowed).sum(dim=1) == 4).all() and torch.equal(allowed, allowed.T)


def test_epochs_are_parts_of_one_long_run(table):
    """However it is cut, a run draws the same; the last epoch is shorter where it does not come out even."""
    drawn = []
    for steps_per_check in (60, 25):
        settings = replace(SETTINGS, steps_per_check=steps_per_check)
        batches = NetworkBatches(table, [np.arange(60)], settings, [3])
        epochs = []
        for epoch in range(1, -(-60 // steps_per_check) + 1):
            batches.set_epoch(epoch)
            epochs += list(batches)
        drawn.append(epochs)
    assert len(drawn[0]) == len(drawn[1]) == 60
    assert all(
        torch.equal(a[0][0], b[0][0]) and torch.equal(a[0][1], b[0][1])
        for a, b in zip(*drawn, strict=True)
    )


def test_same_seed_gives_the_same_losses_whatever_runs_between(table):
    faces, voices = torch.from_numpy(table.faces), torch.from_numpy(table.voices)
    allowed = ~torch.eye(len(faces), dtype=bool)
    found = []
    for between in (0, 5):
        trainee = Trainee(table, CONTRASTIVE, SETTINGS, seed=3)
        torch.rand(between)
        trainee(faces, voices, allowed)
        torch.rand(between)
        found.append(float(trainee(faces, voices, allowed).detach()))
    assert found[0] == found[1]


@pytest.mark.parametrize("objective", [CONTRASTIVE, MultiwayMatchingLoss(5.0, learnable=False)])
def test_networks_learn_what_people_held_out_share(table, objective):
    folds = draw_folds(table, 3, 1, 300, seed=0)
    networks, curve = train_networks(table, folds, None, objective, SETTINGS, quiet=True)
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
    _, curve = train_networks(table, folds, None, CONTRASTIVE, settings, quiet=True)
    assert len(curve) < 20


def test_fewer_steps_than_to_the_first_check_are_taken(table):
    """They were none, and the networks that were saved had learnt nothing."""
    settings = replace(SETTINGS, most_steps=5, steps_per_check=20)
    folds = draw_folds(table, 2, 1, 300, seed=0)
    _, curve = train_networks(table, folds, None, CONTRASTIVE, settings, quiet=True)
    assert [step for step, _ in curve] == [5]
