"""Parts of a file that are decoded by themselves: cut in pauses, with the people who may speak in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.linking.parameters import NODE, LinkingParameters
from pins_plugin.pipelines.linking.potentials import Evidence, Features, node_features
from pins_plugin.pipelines.linking.states import TRANSITIONS, States, make_states, transition_matrix

# Steps of a block, and by how much sooner it may end in a pause; chosen, not measured
MAX_STEPS, LEEWAY = 900, 150
MAX_PEOPLE = 14  # in one block: the states grow with the square of people; chosen, not measured
IMPOSSIBLE = -1e30  # log-probability; finite, so that sums stay numbers


@dataclass(frozen=True, eq=False)
class Block:
    """The model of one block, weighed."""

    people: NDArray[np.int64]  # (num_block_people,) columns of the file's people
    states: States  # of these people
    scores: NDArray[np.float64]  # these and the following as in `states.infer`
    weights: NDArray[np.float64]
    eases: NDArray[np.float64]
    entries: NDArray[np.float64]

    @property
    def chain(self) -> tuple[Any, ...]:
        """What `states.infer` and `states.best_sequence` take."""
        return self.scores, self.states, self.weights, self.eases, self.entries


def cut_blocks(nobody: NDArray[np.float64]) -> list[slice]:
    """Cut a file where surely nobody speaks.

    Parameters
    ----------
    nobody : (num_steps,) float64 array
        Log-probability that nobody speaks.

    Examples
    --------
    >>> cut_blocks(np.zeros(10))
    [slice(0, 10, None)]
    """
    blocks, start = [], 0
    while len(nobody) - start > MAX_STEPS:
        first = start + MAX_STEPS - LEEWAY
        end = first + int(nobody[first : start + MAX_STEPS].argmax())
        blocks.append(slice(start, end))
        start = end
    return [*blocks, slice(start, len(nobody))]


def make_block(
    known: Evidence,
    parameters: LinkingParameters,
    features: Features,
    steps: slice,
    by_sight: bool = False,
) -> Block:
    """Weigh the features of some steps; `features` are of the whole file and of everybody.

    With `by_sight` only those may speak who are shown, and one unknown voice; else whoever is shown or heard.
    """
    visible = known.seeing.visible[steps]
    held = {
        step - steps.start: who
        for step, who in known.held.items()
        if steps.start <= step < steps.stop
    }
    people = _find_people(features.voices[steps], visible, held, known, by_sight)
    features = features.take(steps, people)
    states = make_states(len(people))
    nodes = node_features(features, states)
    members = states.members.T.astype(float)
    entries = features.entry @ members
    scores = np.sum(
        [nodes["voice"], *(getattr(parameters, name) * nodes[name] for name in NODE)], axis=0
    )  # voices are weighed already, beside labels
    scores[features.shifts] += entries[features.shifts]
    entries = np.where(features.shifts[:, None], 0.0, entries)
    for step, who in held.items():
        shown = np.array([p < visible.shape[1] and visible[step, p] for p in people])
        chosen = np.isin(people, list(who))
        fits = (
            states.members[:, chosen].any(axis=1)
            if who
            else (states.num_speakers > 0) & ~states.members[:, shown].any(axis=1)
        )
        scores[step, ~fits] = IMPOSSIBLE
    weights = transition_matrix(
        states, np.array([getattr(parameters, name) for name in TRANSITIONS])
    )
    eases = np.exp(
        parameters.ease_cut * known.seeing.cuts[steps]
        + parameters.ease_change * known.hearing.changes[steps]
    )
    return Block(people, states, scores, weights, eases, entries)


def _find_people(
    voices: NDArray[np.float64],
    visible: NDArray[np.bool_],
    held: Mapping[int, frozenset[int]],
    known: Evidence,
    by_sight: bool,
) -> NDArray[np.int64]:
    """Columns of those who are shown, the unknown voice, and the voices that fit best; at most `MAX_PEOPLE`."""
    num_faces, num_people = visible.shape[1], voices.shape[1]
    rank = np.zeros(num_people)
    if not by_sight:
        rank += np.maximum(voices, 0.0).sum(axis=0)
    rank[:num_faces] += visible.sum(axis=0)
    rank[[num_faces, *{person for who in held.values() for person in who}]] = np.inf
    if not (by_sight or known.strangers) and num_people > num_faces + 1:
        rank[num_faces] = 0.0
        rank[num_faces + 1 :] += 1e-9  # whatever is heard is one of these, however badly it fits
    rank[list(known.barred)] = 0.0
    order = np.argsort(-rank, kind="stable")
    return np.sort(order[rank[order] > 0][:MAX_PEOPLE])
