"""Closed forms: solved for some people, compared on others, written into heads."""

import numpy as np
import pytest

from pins_plugin.models.layers.heads import apply_head
from pins_plugin.train.features.closed_form import (
    CANDIDATES,
    ClosedForm,
    HeadSettings,
    rank_settings,
)
from pins_plugin.train.features.held_out import HeldOut, draw_folds, mean_auc
from pins_plugin.train.features.people_table import PeopleTable

SETTINGS = HeadSettings(0.0, 0.5, 8, 2.0)


def table_of(num_people=80, rows_each=3, seed=0):
    generator = np.random.default_rng(seed)
    shared = np.column_stack(
        [np.sign(generator.standard_normal(num_people)), generator.standard_normal(num_people)]
    )
    people = np.repeat(np.arange(num_people), rows_each)
    sides = []
    for dim in (20, 14):
        private = generator.standard_normal((num_people, dim))
        means = 2 * shared @ np.linalg.qr(generator.standard_normal((dim, 2)))[0].T + private
        sides.append(means[people] + 0.3 * generator.standard_normal((len(people), dim)))
    faces, voices = (side.astype(np.float32) for side in sides)
    return PeopleTable(faces, voices, people, people, people, people)


@pytest.fixture(scope="module")
def closed_form():
    return ClosedForm(table_of())


def test_heads_compare_as_the_closed_form_does(closed_form):
    table = closed_form.table
    order = np.random.default_rng(0).permutation(len(table.faces))
    everything = HeldOut(table.faces, table.voices[order], order >= 0, 1.0)
    for settings in (SETTINGS, HeadSettings(0.3, 1.0, 4, 0.0)):
        ((_, expected),) = closed_form.similarities([settings], everything)
        heads = closed_form.build(settings)
        first, second = apply_head(heads[0], table.faces), apply_head(heads[1], table.voices)
        assert np.linalg.norm(first, axis=1) == pytest.approx(np.ones(len(first)), abs=1e-5)
        got = np.einsum("ij,ij->i", first, second[order])
        assert got == pytest.approx(expected, abs=1e-4)


def test_people_held_out_have_no_part_in_the_solution(closed_form):
    people = np.arange(closed_form.table.num_people) < 60
    found = closed_form.solve(SETTINGS.whitening, people)
    changed = ClosedForm(closed_form.table)
    changed.means = tuple(np.where(people[:, None], part, 100.0) for part in closed_form.means)
    assert changed.solve(SETTINGS.whitening, people).strengths == pytest.approx(found.strengths)
    assert not np.allclose(changed.solve(SETTINGS.whitening).strengths, found.strengths)


def test_a_person_seen_in_more_videos_counts_more():
    table = table_of(20, rows_each=4)
    videos = np.where(table.face_people == 0, np.arange(80), 3 + table.face_people)
    more = PeopleTable(
        table.faces, table.voices, table.face_people, table.voice_people, videos, videos
    )
    weights = ClosedForm(more).weights
    assert weights[0] == pytest.approx(4 / 5) and weights[1:] == pytest.approx(1 / 2)


def test_ranking_prefers_what_holds_on_other_people(closed_form):
    folds = draw_folds(closed_form.table, 4, 1, 200, seed=0)
    ranking = rank_settings(closed_form, folds, quiet=True)
    assert set(ranking) == set(CANDIDATES)
    assert list(ranking.values()) == sorted(ranking.values(), reverse=True)
    best = next(iter(ranking))
    similarities = [next(iter(closed_form.similarities([best], fold)))[1] for fold in folds]
    assert ranking[best] == pytest.approx(mean_auc(folds, similarities)) and ranking[best] > 0.7


def test_fewer_dimensions_than_directions():
    table = table_of(12)
    small = PeopleTable(table.faces[:, :3], table.voices[:, :2], *(table.face_people,) * 4)
    heads = ClosedForm(small).build(HeadSettings(0.0, 0.5, 32, 2.0))
    assert np.isfinite(apply_head(heads[0], small.faces)).all()
