"""Turns of others on the decoder's clock."""

import numpy as np
from pyannote.core import Annotation, Segment

from pins_plugin.pipelines.linking.given_turns import active_turns, hear_turns


def _turns(*rows: tuple[float, float, str]) -> Annotation:
    turns = Annotation()
    for number, (start, end, label) in enumerate(rows):
        turns[Segment(start, end), number] = label
    return turns


def test_how_many_speak_is_settled() -> None:
    turns = _turns((0.5, 2.0, "anna"), (1.5, 3.0, "ben"))
    hearing, labels, speakers = hear_turns(turns, np.zeros(40, bool), lambda s: s.copy())
    assert speakers == ["anna", "ben"]
    number = hearing.counts.argmax(axis=1)
    np.testing.assert_array_equal(number, np.repeat([0, 1, 2, 1, 0], [5, 10, 5, 10, 10]))
    assert (hearing.counts.max(axis=1) == 0).all() and hearing.counts.min() < -3
    assert np.flatnonzero(hearing.changes).tolist() == [5, 15, 20, 30]
    assert [speakers[label] for label in labels] == ["anna", "ben"]
    np.testing.assert_allclose(hearing.stretches, [[0.5, 1.5], [2.0, 3.0]])


def test_who_speaks_at_once_is_known_by_name() -> None:
    turns = _turns((0.0, 2.0, "anna"), (1.0, 3.0, "ben"), (4.0, 5.0, "anna"))
    hearing, _, _ = hear_turns(turns, np.zeros(50, bool), lambda s: s.copy())
    assert hearing.both[15].tolist() == [0, 1] and hearing.both[5].tolist() == [-1, -1]
    np.testing.assert_allclose(hearing.groups.sum(axis=1), 1.0)
    np.testing.assert_allclose(hearing.groups[0], [0.5, 0.0, 0.5])  # both stretches of anna


def test_somebody_who_never_speaks_alone_has_no_voice() -> None:
    turns = _turns((0.0, 3.0, "anna"), (1.0, 2.0, "ben"))
    hearing, labels, _ = hear_turns(turns, np.zeros(30, bool), lambda s: s.copy())
    assert set(labels.tolist()) == {0}
    assert hearing.both[15].tolist() == [0, -1]


def test_turns_next_to_each_other_are_two_stretches() -> None:
    turns = _turns((0.0, 1.0, "anna"), (1.0, 2.0, "ben"))
    hearing, labels, _ = hear_turns(turns, np.zeros(20, bool), lambda s: s.copy())
    np.testing.assert_allclose(hearing.stretches, [[0, 1], [1, 2]])
    assert labels.tolist() == [0, 1]


def test_a_turn_is_never_shorter_than_a_step_and_ends_with_the_file() -> None:
    active = active_turns(_turns((0.31, 0.33, "a"), (1.0, 9.0, "b")), 20)
    assert np.flatnonzero(active[:, 0]).tolist() == [3]
    assert np.flatnonzero(active[:, 1]).tolist() == list(range(10, 20))


def test_no_turns() -> None:
    hearing, labels, speakers = hear_turns(Annotation(), np.zeros(10, bool), lambda s: s.copy())
    assert (hearing.counts.argmax(axis=1) == 0).all()
    assert len(labels) == len(speakers) == len(hearing.stretches) == 0
