"""Scripts: turns one after the other, shots without gaps, hidden people never framed."""

from itertools import pairwise

import numpy as np
import pytest

from pins_plugin.simulation.person import sample_person
from pins_plugin.simulation.script import SHOT_LENGTH, Script, join_scripts, write_script

CAST = tuple(sample_person(0, index) for index in range(4))
LABELS = ("a", "b", "c", "d")


def _script(seed: int, hidden: frozenset[int] = frozenset({3}), **options: object) -> Script:
    return write_script(CAST, LABELS, (seed,), seconds=40.0, hidden=hidden, **options)


@pytest.mark.parametrize("seed", range(5))
def test_turns_follow_one_another_and_speakers_change(seed: int) -> None:
    turns = _script(seed).turns
    for before, after in pairwise(turns):
        assert before.speech[1] < after.speech[0]
        assert before.person != after.person


@pytest.mark.parametrize("seed", range(5))
def test_some_cut_in_and_never_three_talk_at_once(seed: int) -> None:
    turns = _script(seed, overlap=0.6).turns
    spans = [(turn.start, turn.start + turn.utterance.duration) for turn in turns]
    shared = [max(0.0, before[1] - after[0]) for before, after in pairwise(spans)]
    assert 0.2 < np.mean(np.array(shared) > 0) < 0.95
    assert max(shared) <= 1.2 + 1e-6
    assert all(third[0] >= first[1] - 1e-6 for first, third in zip(spans, spans[2:], strict=False))
    assert all(before.person != after.person for before, after in pairwise(turns))
    assert _script(seed, overlap=0.6).duration >= max(end for _, end in spans)


def test_nobody_cuts_in_on_themselves() -> None:
    turns = _script(1, present=(2,), overlap=1.0).turns
    assert all(a.start + a.utterance.duration <= b.start for a, b in pairwise(turns))


@pytest.mark.parametrize("seed", range(5))
def test_shots_fill_the_scene(seed: int) -> None:
    script = _script(seed)
    assert script.shots[0].start == 0
    for before, after in pairwise(script.shots):
        assert before.end == after.start
        assert before.framed != after.framed
    assert script.duration >= script.turns[-1].speech[1]
    assert all(shot.end - shot.start >= SHOT_LENGTH[0] - 0.05 for shot in script.shots)
    edges = np.array([shot.end for shot in script.shots]) * 25
    np.testing.assert_allclose(edges, np.round(edges), atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_hidden_people_talk_but_are_never_framed(seed: int) -> None:
    script = _script(seed)
    assert {turn.person for turn in script.turns} == {0, 1, 2, 3}
    assert all(3 not in shot.framed for shot in script.shots)


def test_everybody_hidden_leaves_an_empty_picture() -> None:
    script = _script(0, hidden=frozenset(range(4)))
    assert all(shot.framed == () for shot in script.shots)


def test_same_seed_same_script_other_seed_another() -> None:
    assert _script(1).shots == _script(1).shots
    assert _script(1).shots != _script(2).shots


def test_joined_scripts_play_one_after_the_other() -> None:
    first, second = _script(1, present=(0, 1)), _script(2, present=(2, 3))
    joined = join_scripts([first, second], (9,))
    assert joined.duration == pytest.approx(first.duration + second.duration)
    later = [turn for turn in joined.turns if turn.start >= first.duration]
    assert len(later) == len(second.turns)
    assert {turn.person for turn in later} <= {2, 3}
    assert {shot.place for shot in joined.shots} == {0, 1}
