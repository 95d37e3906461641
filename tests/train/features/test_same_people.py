"""Telling apart, without labels, which videos show the same person."""

import numpy as np
import pytest

from pins_plugin.train.features.same_people import group_means, group_people


def videos_of_people(num_people, videos_each, noise, seed=0, dim=64):
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(num_people), videos_each)
    tables = []
    for _ in range(2):
        centers = generator.standard_normal((num_people, dim))
        rows = centers[person] + noise * generator.standard_normal((len(person), dim))
        tables.append(rows.astype(np.float32))
    return *tables, person


def test_group_means_by_hand():
    values = np.array([[1.0, 2], [3, 4], [5, 6]])
    assert group_means(values, np.array([1, 0, 1])).tolist() == [[3, 4], [3, 4]]


def test_videos_of_one_person_come_together():
    faces, voices, person = videos_of_people(60, 5, noise=0.7)
    found = group_people(faces, voices)
    same = person[:, None] == person[None]
    together = found[:, None] == found[None]
    assert (together & same).sum() > 0.98 * same.sum()
    assert (together & ~same).sum() < 0.01 * same.sum()


def test_videos_of_different_people_stay_apart():
    faces, voices, _ = videos_of_people(300, 1, noise=0.5)
    assert group_people(faces, voices).max() + 1 >= 297


@pytest.mark.parametrize("num_people", [1, 9])
def test_few_videos_are_left_alone(num_people):
    faces, voices, _ = videos_of_people(num_people, 1, noise=0.5)
    assert group_people(faces, voices).tolist() == list(range(num_people))


def test_links_that_run_away_are_cut():
    generator = np.random.default_rng(0)
    faces = generator.standard_normal((200, 4)).astype(np.float32)  # few dimensions: all alike
    assert np.bincount(group_people(faces, faces)).max() <= 40


def test_order_of_the_videos_does_not_matter():
    faces, voices, _ = videos_of_people(40, 4, noise=0.7)
    order = np.random.default_rng(1).permutation(len(faces))
    first, second = group_people(faces, voices)[order], group_people(faces[order], voices[order])
    agree = (first[:, None] == first[None]) == (second[:, None] == second[None])
    assert agree.mean() > 0.999
