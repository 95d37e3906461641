"""Sums over sequences of states, and the best of them, against all sequences written out."""

from itertools import product

import numpy as np
import pytest

from pins_plugin.pipelines.linking.states import (
    DROPS,
    TRANSITIONS,
    States,
    best_sequence,
    infer,
    make_states,
    transition_matrix,
)

COSTS = np.array([-1.0, -0.7, -1.5, -2.0, -0.3, -2.5])


def _problem(seed: int, num_people: int = 2, num_steps: int = 4):
    generator = np.random.default_rng(seed)
    states = make_states(num_people)
    shape = (num_steps, len(states.members))
    scores, entries = generator.standard_normal(shape), np.zeros(shape)
    of_people = generator.standard_normal((num_steps, num_people))
    entries += of_people @ states.members.T  # of a state: those of its people
    eases = np.exp(generator.standard_normal(num_steps))
    return scores, states, transition_matrix(states, COSTS), eases, entries, of_people


def _weigh(path, scores, states: States, weights, eases, of_people) -> float:
    """Log-weight of one sequence, person by person."""
    members = states.members
    total = scores[0, path[0]] + of_people[0][members[path[0]]].sum()
    for step in range(1, len(path)):
        before, after = path[step - 1], path[step]
        total += scores[step, after]
        if before == after:
            continue
        total += np.log(weights[before, after]) + np.log(eases[step])
        kind = TRANSITIONS[states.kinds[before, after]]
        begin = members[after] & (~members[before] if kind == "joins" else True)
        if kind not in DROPS:
            total += of_people[step][begin].sum()
    return float(total)


@pytest.mark.parametrize("num_people", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_probabilities_and_best_sequence_are_those_of_all_sequences(
    seed: int, num_people: int
) -> None:
    *problem, of_people = _problem(seed, num_people)
    scores, states, weights, eases, _ = problem
    paths = list(product(range(len(states.members)), repeat=len(scores)))
    logs = np.array([_weigh(p, scores, states, weights, eases, of_people) for p in paths])
    total = np.logaddexp.reduce(logs)
    expected = np.zeros(scores.shape)
    for path, log in zip(paths, logs, strict=True):
        expected[np.arange(len(path)), path] += np.exp(log - total)
    posterior, evidence = infer(*problem)
    np.testing.assert_allclose(posterior, expected, atol=1e-10)
    assert evidence == pytest.approx(total - np.log(len(states.members)))
    assert best_sequence(*problem).tolist() == list(paths[int(logs.argmax())])


def test_impossible_states_stay_impossible() -> None:
    scores, states, weights, eases, entries, _ = _problem(0)
    scores[2, [0, 1, 3]] = -1e30
    posterior, evidence = infer(scores, states, weights, eases, entries)
    np.testing.assert_allclose(posterior[2], [0, 0, 1, 0], atol=1e-12)
    assert best_sequence(scores, states, weights, eases, entries)[2] == 2
    assert np.isfinite(evidence)


@pytest.mark.parametrize("num_people", [2, 3, 6])
def test_a_kind_of_change_weighs_the_same_however_many_may_follow(num_people: int) -> None:
    states = make_states(num_people)
    weights = transition_matrix(states, COSTS)
    for number, cost in enumerate(COSTS):
        chosen = states.kinds == number
        sums = np.where(chosen, weights, 0.0).sum(axis=1)[chosen.any(axis=1)]
        np.testing.assert_allclose(sums, np.exp(cost))
    np.testing.assert_array_equal(weights.diagonal(), 1.0)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ((), (0,), "starts"),
        ((1,), (), "stops"),
        ((0,), (2,), "switches"),
        ((0,), (0, 2), "joins"),
        ((1, 2), (2,), "leaves"),
        ((0, 1), (1, 2), "changes"),
        ((0, 1), (), "changes"),
        ((0,), (1, 2), "changes"),
    ],
)
def test_kinds_of_change(before: tuple[int, ...], after: tuple[int, ...], kind: str) -> None:
    states = make_states(3)
    rows = [tuple(np.flatnonzero(row)) for row in states.members]
    found = states.kinds[rows.index(before), rows.index(after)]
    assert TRANSITIONS[found] == kind


def test_states_are_nobody_one_and_two() -> None:
    assert make_states(4).num_speakers.tolist() == [0] + [1] * 4 + [2] * 6
    assert make_states(3).members.astype(int).tolist()[4:] == [[1, 1, 0], [1, 0, 1], [0, 1, 1]]
    assert make_states(0).members.shape == (1, 0)
