"""Who may be speaking at a moment: nobody, one person, or two at once; and how one state follows the other.

A linear-chain model with log-linear potentials (Lafferty, McCallum, Pereira, "Conditional random fields", ICML 2001). Forward
and backward sums give the probability of each state at each moment, Viterbi's recursion the best sequence.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

TRANSITIONS = ("starts", "stops", "switches", "joins", "leaves", "changes")  # kinds of change
DROPS = ("stops", "leaves")  # nobody begins to speak
TINY = 1e-300  # near the least float64, keeps logarithms and divisions finite


@dataclass(frozen=True, eq=False)
class States:
    """The states of one file."""

    members: NDArray[np.bool_]  # (num_states, num_people) who speaks in each; the first is nobody
    # (num_states, num_states) row to column: of `TRANSITIONS`; -1 for staying
    kinds: NDArray[np.int64]

    @property
    def num_speakers(self) -> NDArray[np.int64]:
        """How many speak in each state, (num_states,)."""
        return self.members.sum(axis=1)

    @property
    def joins(self) -> NDArray[np.bool_]:
        """Where one begins beside another, (num_states, num_states)."""
        return self.kinds == TRANSITIONS.index("joins")

    @property
    def begins(self) -> NDArray[np.bool_]:
        """Where somebody begins, (num_states, num_states): the one who joins, or else all of the state that follows."""
        return (self.kinds >= 0) & ~np.isin(self.kinds, [TRANSITIONS.index(n) for n in DROPS])


def make_states(num_people: int) -> States:
    """List nobody, everybody alone, and every two.

    Examples
    --------
    >>> make_states(2).members.astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    alone = np.eye(num_people, dtype=bool)
    both = [first | second for first, second in combinations(alone, 2)]
    members = np.stack([np.zeros(num_people, bool), *alone, *both])
    count = members.sum(axis=1)
    shared = members.astype(int) @ members.T.astype(int)
    before, after = count[:, None], count[None, :]
    kinds = np.full(shared.shape, TRANSITIONS.index("changes"))
    kinds[(before == 0) & (after == 1)] = TRANSITIONS.index("starts")
    kinds[(before == 1) & (after == 0)] = TRANSITIONS.index("stops")
    kinds[(before == 1) & (after == 1)] = TRANSITIONS.index("switches")
    kinds[(before == 1) & (after == 2) & (shared == 1)] = TRANSITIONS.index("joins")
    kinds[(before == 2) & (after == 1) & (shared == 1)] = TRANSITIONS.index("leaves")
    np.fill_diagonal(kinds, -1)
    return States(members, kinds)


def transition_matrix(states: States, costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight (num_states, num_states) of each change; staying weighs 1.

    `costs` (len(TRANSITIONS),) are logarithms of the weight of all changes of one kind together: it is shared evenly by the
    states that can follow, so that a larger cast does not make changes likelier.
    """
    weights = np.eye(len(states.members))
    for kind, cost in enumerate(costs):
        chosen = states.kinds == kind
        targets = np.maximum(chosen.sum(axis=1, keepdims=True), 1)
        weights += chosen * np.exp(cost) / targets
    return weights


def infer(
    scores: NDArray[np.float64],
    states: States,
    weights: NDArray[np.float64],
    eases: NDArray[np.float64],
    entries: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """Sum over all sequences of states, by forward-backward.

    Parameters
    ----------
    scores : (num_steps, num_states) float64 array
        Log-potentials; -inf where a state is impossible.
    states : States
    weights : (num_states, num_states) float64 array
        From `transition_matrix`.
    eases : (num_steps,) float64 array
        Factor by which every change on the way to each moment weighs more or less.
    entries : (num_steps, num_states) float64 array
        Log-potential of a state's people, for those of them who begin to speak.

    Returns
    -------
    posterior : (num_steps, num_states) float64 array
        Probability of each state at each moment.
    evidence : float
        Logarithm of the sum of the weights of all sequences.
    """
    num_steps, num_states = scores.shape
    tops = scores.max(axis=1, keepdims=True)
    potentials = np.exp(scores - tops)
    begins, joins = states.begins, states.joins
    kept = np.where((states.kinds >= 0) & ~begins, weights, 0.0)
    new, joined = np.where(begins & ~joins, weights, 0.0), np.where(joins, weights, 0.0)
    gains = np.exp(entries)
    forward = np.empty_like(potentials)
    scales = np.empty(num_steps)
    current = gains[0] * potentials[0] / num_states
    for step in range(num_steps):
        if step:
            previous, gain = forward[step - 1], gains[step]
            moved = previous @ kept + (previous @ new + (previous / gain) @ joined) * gain
            current = (previous + eases[step] * moved) * potentials[step]
        scales[step] = max(current.sum(), TINY)
        forward[step] = current / scales[step]
    backward = np.empty_like(potentials)
    backward[-1] = 1.0
    for step in range(num_steps - 1, 0, -1):
        following, gain = potentials[step] * backward[step] / scales[step], gains[step]
        gained = following * gain
        moved = kept @ following + new @ gained + (joined @ gained) / gain
        backward[step - 1] = following + eases[step] * moved
    posterior = forward * backward
    posterior /= np.maximum(posterior.sum(axis=1, keepdims=True), TINY)
    return posterior, float(np.log(scales).sum() + tops.sum())


def best_sequence(
    scores: NDArray[np.float64],
    states: States,
    weights: NDArray[np.float64],
    eases: NDArray[np.float64],
    entries: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Find the single best sequence of states, (num_steps,); parameters as in `infer` (Viterbi 1967)."""
    num_steps, num_states = scores.shape
    begins, joins = states.begins, states.joins
    off = np.where(states.kinds >= 0, np.log(np.maximum(weights, TINY)), -np.inf)
    best = scores[0] + entries[0]
    origins = np.zeros((num_steps, num_states), np.int64)
    everybody = np.arange(num_states)
    for step in range(1, num_steps):
        gain = entries[step]
        ways = best[:, None] + off + np.log(max(eases[step], TINY))
        ways += np.where(begins, gain[None, :] - np.where(joins, gain[:, None], 0.0), 0.0)
        ways[everybody, everybody] = best
        origins[step] = ways.argmax(axis=0)
        best = ways[origins[step], everybody] + scores[step]
    path = np.empty(num_steps, np.int64)
    path[-1] = best.argmax()
    for step in range(num_steps - 1, 0, -1):
        path[step - 1] = origins[step, path[step]]
    return path
