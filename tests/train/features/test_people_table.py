"""Long embeddings of a table are projected on their principal axes, short ones left alone."""

import numpy as np
import pytest

from pins_plugin.train.features.people_table import MOST_DIMENSIONS, PeopleTable


def table_of(face_dim, num_rows=60, rank=5):
    generator = np.random.default_rng(0)
    people = np.arange(num_rows)
    sides = []
    for dim in (face_dim, 12):
        flat = generator.standard_normal((num_rows, rank)) @ generator.standard_normal((rank, dim))
        sides.append((flat + 3 + 0.01 * generator.standard_normal(flat.shape)).astype(np.float32))
    return PeopleTable(*sides, people, people, people, people)


def test_short_embeddings_are_left_alone():
    table = table_of(MOST_DIMENSIONS)
    assert table.axes() == (None, None)
    assert table.project(table.axes()).faces is table.faces


def test_long_ones_keep_their_distances():
    table = table_of(MOST_DIMENSIONS + 1)
    projected = table.project(table.axes())
    assert projected.faces.shape == (60, 60) and projected.voices is table.voices
    before = np.linalg.norm(table.faces[0] - table.faces[1:], axis=1)
    after = np.linalg.norm(projected.faces[0] - projected.faces[1:], axis=1)
    assert after == pytest.approx(before, rel=1e-2)
