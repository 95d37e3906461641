"""Turns of others on the decoder's clock."""

import numpy as np
import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.pipelines.linking.given_turns import active_turns, hear_turns, label_ratios


def _turns(*rows: tuple[float, float, str]) -> Annotation:
    turns = Annotation()
    for number, (start, end, label) in enumerate(rows):
        turns[Segment(start, end), number] = label
    return turns


def test_how_many_speak_is_settled() -> None:
    turns = _turns((0.5, 2.0, "anna"), (1.5, 3.0, "ben"))
    hearing, labels = hear_turns(turns, np.zeros(40, bool), lambda s: s.copy())
    number = hearing.counts.argmax(axis=1)
    np.testing.assert_array_equal(number, np.repeat([0, 1, 2, 1, 0], [5, 10, 5, 10, 10]))
    assert (hearing.counts.max(axis=1) == 0).all() and hearing.counts.min() < -3
    assert np.flatnonzero(hearing.changes).tolist() == [5, 15, 20, 30]
    assert [turns.labels()[label] for label in labels] == ["anna", "ben"]
    np.testing.assert_allclose(hearing.stretches, [[0.5, 1.5], [2.0, 3.0]])


def test_who_speaks_at_once_is_known_by_name() -> None:
    turns = _turns((0.0, 2.0, "anna"), (1.0, 3.0, "ben"), (4.0, 5.0, "anna"))
    hearing, _ = hear_turns(turns, np.zeros(50, bool), lambda s: s.copy())
    assert hearing.both[15].tolist() == [0, 1] and hearing.both[5].tolist() == [-1, -1]
    np.testing.assert_allclose(hearing.groups.sum(axis=1), 1.0)
    np.testing.assert_allclose(hearing.groups[0], [0.5, 0.0, 0.5])  # both stretches of anna


def test_somebody_who_never_speaks_alone_has_no_voice() -> None:
    turns = _turns((0.0, 3.0, "anna"), (1.0, 2.0, "ben"))
    hearing, labels = hear_turns(turns, np.zeros(30, bool), lambda s: s.copy())
    assert set(labels.tolist()) == {0}
    assert hearing.both[15].tolist() == [0, -1]


def test_turns_next_to_each_other_are_two_stretches() -> None:
    turns = _turns((0.0, 1.0, "anna"), (1.0, 2.0, "ben"))
    hearing, labels = hear_turns(turns, np.zeros(20, bool), lambda s: s.copy())
    np.testing.assert_allclose(hearing.stretches, [[0, 1], [1, 2]])
    assert labels.tolist() == [0, 1]


def test_a_turn_is_never_shorter_than_a_step_and_ends_with_the_file() -> None:
    active = active_turns(_turns((0.31, 0.33, "a"), (1.0, 9.0, "b")), 20)
    assert np.flatnonzero(active[:, 0]).tolist() == [3]
    assert np.flatnonzero(active[:, 1]).tolist() == list(range(10, 20))


def test_no_turns() -> None:
    hearing, labels = hear_turns(Annotation(), np.zeros(10, bool), lambda s: s.copy())
    assert (hearing.counts.argmax(axis=1) == 0).all()
    assert len(labels) == len(hearing.stretches) == 0


def test_ratios_by_hand() -> None:
    """Three stretches of 2 s: the first two of label 0, all of them person 0's."""
    labels, seconds = np.array([0, 0, 1]), np.full(3, 2.0)
    ratios = label_ratios(labels, seconds, np.ones((3, 1)))
    chance = np.array([5, 5, 3]) / 8  # one second more for each label
    mine, all_mine = np.array([2, 2, 0]), 4.0  # of the other stretches
    expected = np.log((mine + 2 * chance) / (all_mine + 2) / chance)
    np.testing.assert_allclose(ratios[:, 0], expected)


def test_a_label_speaks_for_whoever_has_it_elsewhere() -> None:
    labels = np.array([0, 1] * 5)
    shares = np.eye(3)[[0, 1] * 5]
    shares[-1] = 0.0  # of the last one nothing is known
    ratios = label_ratios(labels, np.full(10, 1.5), shares)
    assert ratios[-1, 1] > 0.5 and ratios[-1, 0] < -0.5
    assert ratios[-1, 2] == pytest.approx(0.0)  # somebody who never speaks


def test_a_stretch_does_not_vouch_for_itself() -> None:
    ratios = label_ratios(np.array([0, 1]), np.array([9.0, 9.0]), np.eye(2))
    np.testing.assert_allclose(ratios.diagonal(), 0.0, atol=1e-12)


def test_no_stretch_no_ratio() -> None:
    assert label_ratios(np.zeros(0, int), np.zeros(0), np.zeros((0, 2))).shape == (0, 2)
