"""Pairs of people held out: drawn as they say, folds that part the people."""

import numpy as np
import pytest

from pins_plugin.train.features.held_out import (
    HeldOut,
    draw_folds,
    draw_pairs,
    mean_auc,
)
from pins_plugin.train.features.people_table import PeopleTable

PEOPLE = np.repeat(np.arange(12), [1, 5, 2, 3, 1, 2, 4, 1, 2, 3, 6, 1])


@pytest.fixture
def table():
    rows = np.eye(12, dtype=np.float32)[PEOPLE]
    return PeopleTable(rows, rows, PEOPLE, PEOPLE, PEOPLE, PEOPLE)


def test_pairs_are_what_they_say(table):
    chosen = np.array([1, 3, 6])
    faces, voices, same = draw_pairs(table, chosen, 300, np.random.default_rng(0))
    assert np.array_equal(PEOPLE[faces] == PEOPLE[voices], same)
    assert same.sum() == 300 and len(same) == 600
    assert set(PEOPLE[faces]) == set(PEOPLE[voices]) == {1, 3, 6}


def test_everyone_is_drawn_as_often_however_many_rows(table):
    faces, _, _ = draw_pairs(table, np.arange(12), 6000, np.random.default_rng(0))
    shares = np.bincount(PEOPLE[faces]) / len(faces)
    assert shares == pytest.approx(1 / 12, abs=0.015)


def test_each_fold_holds_others_out_and_trains_on_the_rest(table):
    folds = draw_folds(table, 4, 2, 50, seed=0)
    assert len(folds) == 8
    for repeat in (folds[:4], folds[4:]):
        held_out = np.array([~fold.trained_on for fold in repeat])
        assert (held_out.sum(axis=0) == 1).all()
    for fold in folds:
        people = fold.faces.argmax(axis=1)
        assert not fold.trained_on[people].any()
    assert sum(fold.weight for fold in folds) == pytest.approx(12)


def test_mean_auc_weighs_by_people():
    same = np.array([True, False])
    parts = [HeldOut(np.zeros((2, 1)), np.zeros((2, 1)), same, weight) for weight in (3.0, 1.0)]
    assert mean_auc(parts, [np.array([1.0, 0.0]), np.array([0.0, 1.0])]) == pytest.approx(0.75)
