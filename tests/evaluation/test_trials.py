"""Drawn trials: balanced, right, distinct, within their stratum, alike by seed."""

from collections import Counter

import numpy as np
import pytest

from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.trials import draw_distinct, draw_matching, draw_others, draw_pairs

VOICES = np.repeat(np.arange(8), 3)
FACES = np.repeat(np.arange(8), 2)


def test_pairs_are_balanced_and_labeled_rightly() -> None:
    trials = draw_pairs(VOICES, FACES, 100, np.random.default_rng(0))
    assert len(trials.same) == 100 and trials.same.sum() == 50
    assert (trials.same == (VOICES[trials.queries] == FACES[trials.candidates])).all()
    counts = Counter(trials.queries.tolist())
    assert max(counts.values()) - min(counts.values()) <= 2  # every voice asks equally often


def test_the_same_seed_draws_the_same_trials() -> None:
    first, second = (draw_pairs(VOICES, FACES, 50, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.candidates, second.candidates)


def test_negatives_stay_in_the_stratum() -> None:
    groups = np.array([0, 0, 0, 1, 1, 1, -1, 2])  # person 6 is unknown, person 7 alone
    trials = draw_pairs(VOICES, FACES, 400, np.random.default_rng(0), groups=groups)
    asked, found = VOICES[trials.queries], FACES[trials.candidates]
    assert (groups[asked] == groups[found]).all()
    assert set(asked) == set(range(6))


def test_positives_can_be_bound_to_the_recording() -> None:
    face_recordings, voice_recordings = np.arange(16), np.repeat(np.arange(16), 2)[:24]
    voices = FACES[voice_recordings]
    for relation in ("same", "other"):
        trials = draw_pairs(
            voices,
            FACES,
            300,
            np.random.default_rng(1),
            query_recordings=voice_recordings,
            candidate_recordings=face_recordings,
            relation=relation,
        )
        positive = trials.same
        shared = voice_recordings[trials.queries] == face_recordings[trials.candidates]
        assert (shared[positive] == (relation == "same")).all()


def test_people_without_the_other_modality_are_never_drawn() -> None:
    voices = np.array([0, 1, 2, -1])
    faces = np.array([0, 1, -1, -1])
    trials = draw_pairs(voices, faces, 40, np.random.default_rng(0))
    assert set(trials.queries) == {0, 1} and set(trials.candidates) == {0, 1}


def test_one_person_makes_no_pairs() -> None:
    with pytest.raises(ManifestError, match="two or more people"):
        draw_pairs(np.zeros(3, int), np.zeros(3, int), 10, np.random.default_rng(0))


def test_distinct_draws_are_distinct_and_uniform() -> None:
    drawn = draw_distinct(np.full(60_000, 4), 3, np.random.default_rng(0))
    assert (np.diff(np.sort(drawn, axis=1), axis=1) > 0).all()
    counts = np.array(list(Counter(map(tuple, drawn)).values()))
    assert len(counts) == 4 * 3 * 2  # every ordered choice
    np.testing.assert_allclose(counts, 60_000 / 24, rtol=0.1)


def test_others_are_other_people_of_the_group() -> None:
    groups = np.array([0, 1, 0, 0, 1, 0, -1])
    others = draw_others(np.array([0, 2, 1, 6]), groups, 3, np.random.default_rng(0))
    assert set(others[0]) == {2, 3, 5} and set(others[1]) == {0, 3, 5}
    assert (others[2:] == -1).all()


def test_matching_has_the_right_person_first_and_distinct_others() -> None:
    trials = draw_matching(VOICES, FACES, 5, 64, np.random.default_rng(0))
    people = FACES[trials.candidates]
    assert people.shape == (64, 5)
    assert (people[:, 0] == VOICES[trials.queries]).all()
    assert all(len(set(row)) == 5 for row in people)


def test_matching_among_more_than_all_people_is_empty() -> None:
    assert len(draw_matching(VOICES, FACES, 9, 10, np.random.default_rng(0)).queries) == 0


def test_positives_of_a_shared_recording_are_of_ones_own() -> None:
    """Two people in each recording."""
    people, recordings = np.tile([0, 1], 10), np.repeat(np.arange(10), 2)
    trials = draw_pairs(
        people,
        people,
        100,
        np.random.default_rng(0),
        query_recordings=recordings,
        candidate_recordings=recordings,
        relation="same",
    )
    asked, found = people[trials.queries], people[trials.candidates]
    assert (trials.same == (asked == found)).all()


def test_no_trials_are_at_least_one() -> None:
    assert len(draw_pairs(VOICES, FACES, 0, np.random.default_rng(0)).same) == 2
    assert len(draw_matching(VOICES, FACES, 3, 0, np.random.default_rng(0)).queries) == 1
