"""Features of states, by hand."""

from dataclasses import replace

import numpy as np
from made_evidence import hear, see, speak

from pins_plugin.pipelines.linking.parameters import LinkingParameters
from pins_plugin.pipelines.linking.potentials import (
    PERSONAL,
    Features,
    entry_scores,
    find_shifts,
    node_features,
    voice_features,
)
from pins_plugin.pipelines.linking.states import make_states


def _seeing():
    truth = speak([(0.0, 0.4, 0)], 0.4, 2)
    visible = np.array([[1, 1], [1, 0], [0, 0], [1, 1]], bool)
    return replace(see(truth, 2, visible=visible), sizes=np.array([[0.0, -1.0]] * 4))


def test_who_may_begin_by_hand() -> None:
    weights = LinkingParameters(shown=1.0, size=10.0, crowd=100.0, away=-7.0, unseen=-3.0)
    two = 1 + 100 * np.log(2)
    np.testing.assert_allclose(
        entry_scores(_seeing(), 1, weights),
        [[two, two - 10, -3], [1, -6, -3], [-3, -3, -3], [two, two - 10, -3]],
    )
    np.testing.assert_allclose(
        entry_scores(_seeing(), 1, weights, np.array([-0.5, -2.5, -4.5])),
        [[two, two - 10, -3], [1, -1, -3], [-3, -3, -3], [two, two - 10, -3]],
    )


def test_everybody_is_judged_anew_where_faces_come_and_go() -> None:
    assert find_shifts(_seeing()).tolist() == [False, True, True, True]


def test_a_stretch_counts_once_however_long() -> None:
    truth = speak([(0.0, 1.0, 0), (1.0, 1.5, 1)], 2.0, 2)
    hearing = hear(truth)
    ratios = np.array([[2.0, -1.0], [0.5, 3.0]])
    voices, both, steps = voice_features(hearing, ratios)
    np.testing.assert_allclose(voices[:10].sum(axis=0), ratios[0])
    np.testing.assert_allclose(voices[10:15].sum(axis=0), ratios[1])
    assert not voices[15:].any() and both.shape == (0, 2, 2) and len(steps) == 0


def test_of_two_at_once_whoever_fits_whom_best() -> None:
    num_people = 2
    voices = np.array([[5.0, 1.0], [0.0, 0.0]])
    both = np.array([[[3.0, -1.0], [-2.0, 4.0]]])
    personal = {name: np.zeros((2, num_people)) for name in PERSONAL}
    personal["lips"] = np.array([[1.0, 2.0], [0.0, 0.0]])
    counts = np.log([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    speech = np.log([[0.6, 0.4], [0.2, 0.8]])
    shifts = np.zeros(2, bool)
    features = Features(counts, speech, personal, voices, both, np.array([1]), {}, shifts)
    found = node_features(features, make_states(num_people))  # nobody, 0, 1, both
    assert found["voice"].tolist() == [[0, 5, 1, 5], [0, 3, 4, 7]]
    assert found["lips"][0].tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(np.exp(found["counts"][0]), [0.7, 0.2, 0.2, 0.1])
    np.testing.assert_allclose(np.exp(found["speech"][0]), [0.6, 0.4, 0.4, 0.4])
    assert found["one"][0].tolist() == [0, 1, 1, 0] and found["two"][0].tolist() == [0, 0, 0, 1]


def test_a_voice_of_which_nothing_is_known_says_nothing_at_once() -> None:
    truth = speak([(0.0, 1.0, 0), (0.6, 1.0, 1)], 1.0, 2)
    hearing = hear(truth)
    _, both, steps = voice_features(hearing, np.array([[2.0, -2.0]]))
    assert steps.tolist() == [6, 7, 8, 9]
    np.testing.assert_allclose(both[0, 0], np.array([2.0, -2.0]) / 6)  # per step of 0.6 s
    assert both[0, 1].tolist() == [0.0, 0.0]


def test_parts_of_features_are_those_steps_and_people() -> None:
    personal = {"lips": np.arange(8.0).reshape(4, 2)}
    features = Features(
        np.arange(12.0).reshape(4, 3),
        np.arange(8.0).reshape(4, 2),
        personal,
        np.arange(8.0).reshape(4, 2),
        np.ones((2, 2, 2)),
        np.array([1, 3]),
        np.arange(8.0).reshape(4, 2),
        np.array([False, False, True, False]),
    )
    part = features.take(slice(2, 4), np.array([1]))
    assert part.counts.tolist() == [[6, 7, 8], [9, 10, 11]]
    assert part.speech.tolist() == [[4, 5], [6, 7]]
    assert part.voices.tolist() == part.personal["lips"].tolist() == [[5], [7]]
    assert part.both_steps.tolist() == [1] and part.both.shape == (1, 2, 1)
    assert part.shifts.tolist() == [True, False] and part.entry.tolist() == [[5], [7]]
