"""Which windows of speech are one voice: speakers that chance could have made are merged, then time decides.

Each speaker is a mean voice. With windows x of h seconds each and a state for each window, the sum of
h |x - mean|^2 and of a cost for each change of state is made small by turns: states by Viterbi, means by averaging
(hard expectation maximization of a hidden Markov model). It starts with more groups than there can be speakers
(Ward's tree); the two closest are merged for as long as chance explains what lies between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from pins_plugin.utils.vectors import unit

KNOWN_VOICE = (
    0.6  # cosine similarity of mean voices from which on a known voice explains what is heard
)
MOST_WINDOWS = 4000  # that Ward's tree is grown of: the memory needed is quadratic in it
MOST_GROUPS = 30  # to start with
START = 1 / 3  # part of `noise` from which on the tree is cut
MARGIN = 0.4  # seconds around a change of speaker in which windows hear both
ROUNDS = 3  # of states and means between merges


@dataclass(frozen=True)
class VoiceRules:
    """When two groups of windows are two speakers, and what a change of speaker costs.

    Parameters
    ----------
    distance : float
        Squared distance of the mean voices of two speakers, at least.
    noise : float
        Squared distance that chance and the words spoken add, times seconds of speech.
    switch_cost, pause_cost : float
        Squared distance times seconds that a change of speaker must save: within speech, and over a pause.
    """

    distance: float = 0.15
    noise: float = 0.85
    switch_cost: float = 0.2
    pause_cost: float = 0.1


def cluster_voices(
    embeddings: NDArray[np.float64],
    regions: NDArray[np.int64],
    hop: float,
    rules: VoiceRules | None = None,
    fewest: int = 1,
    most: int | None = None,
) -> NDArray[np.int64]:
    """Give each window a speaker.

    Parameters
    ----------
    embeddings : (num_windows, embedding_dim) array
        Of unit length, in order of time.
    regions : (num_windows,) int64 array
        Number of the region of speech of each window; pauses lie between regions.
    hop : float
        Seconds between windows.
    rules : VoiceRules, optional
    fewest, most : int
        Speakers; `fewest` cannot be reached where there are not as many windows.

    Returns
    -------
    states : (num_windows,) int64 array
        From 0; each speaker has a window.
    """
    rules = rules or VoiceRules()
    states = _start(embeddings, hop, rules, fewest)
    costs = change_costs(regions, rules)
    while True:
        for _ in range(ROUNDS):
            _, means = mean_voices(embeddings, states, regions, hop)
            found = smooth_states(hop * score_voices(embeddings, means), costs)
            used, found = np.unique(found, return_inverse=True)
            if len(used) < fewest or (found == states).all():
                break
            states = found
        seconds, means = mean_voices(embeddings, states, regions, hop)
        if len(means) <= fewest:
            return states
        kept, gone, excess = _closest(np.maximum(seconds, hop / 2), means, rules)
        if excess >= rules.distance and (most is None or len(means) <= most):
            return states
        states[states == gone] = kept
        states = np.unique(states, return_inverse=True)[1]


def mean_voices(
    embeddings: NDArray[np.float64],
    states: NDArray[np.int64],
    regions: NDArray[np.int64],
    hop: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average the windows of each state, without those that hear a change of speaker if there are others.

    Returns
    -------
    seconds : (num_states,) float64 array
        Of the windows that hear one speaker only.
    means : (num_states, embedding_dim) float64 array
    """
    pure = np.ones(len(states), bool)
    for shift in range(1, round(MARGIN / hop) + 1):
        alike = (states[shift:] == states[:-shift]) | (regions[shift:] != regions[:-shift])
        pure[shift:] &= alike
        pure[:-shift] &= alike
    seconds, means = [], []
    for state in range(states.max() + 1):
        own = states == state
        clean = own & pure
        seconds.append(hop * clean.sum())
        means.append(embeddings[clean if clean.any() else own].mean(axis=0))
    return np.array(seconds), np.stack(means)


def score_voices(
    embeddings: NDArray[np.float64], means: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rate how well each mean voice fits each window, (num_windows, num_states): 1 - |x - mean|^2."""
    return embeddings @ (2 * means.T) - (means**2).sum(axis=1)


def change_costs(regions: NDArray[np.int64], rules: VoiceRules) -> NDArray[np.float64]:
    """What a change of speaker costs before each window or frame, (num_windows,)."""
    paused = np.diff(regions, prepend=regions[:1]) != 0
    return np.where(paused, rules.pause_cost, rules.switch_cost)


def enroll_voices(
    embeddings: NDArray[np.floating],
    centroids: NDArray[np.floating],
    known: Mapping[str, NDArray[np.floating]],
    fewest: int = 1,
) -> tuple[NDArray[np.float64], list[str]]:
    """Put known voices in the place of the speakers that they explain.

    Two people of similar voice end up in one group where nobody is known; an example of each tells them apart.

    Parameters
    ----------
    embeddings : (num_windows, embedding_dim) array
        Of unit length.
    centroids : (num_speakers, embedding_dim) array
        Of the groups that were found.
    known : mapping of str to (embedding_dim,) array
    fewest : int
        Windows that must be nearest to a known voice for it to be heard at all.

    Returns
    -------
    centroids : (num_heard + num_strangers, embedding_dim) float64 array
        First the known voices that are heard, then the groups that none of them explains.
    names : list of str
        Of the known voices that are heard.
    """
    voices = unit(np.stack(list(known.values())))
    groups = unit(centroids)
    alike = groups @ voices.T >= KNOWN_VOICE  # (num_speakers, num_known)
    explained = np.asarray(alike.any(axis=1))
    of_known = explained[(embeddings @ groups.T).argmax(axis=1)]
    nearest = np.where(of_known, (embeddings @ voices.T).argmax(axis=1), -1)
    heard = [
        number
        for number, voice in enumerate(voices)
        if (nearest == number).sum() >= max(1, fewest)
        and unit(embeddings[nearest == number].mean(axis=0)) @ voice >= KNOWN_VOICE
    ]
    strangers = ~alike[:, heard].any(axis=1)
    names = list(known)
    return np.vstack([voices[heard], groups[strangers]]), [names[number] for number in heard]


def smooth_states(
    scores: NDArray[np.floating], switch_cost: float | NDArray[np.float64]
) -> NDArray[np.int64]:
    """Find the best sequence of states where each change costs `switch_cost` (Viterbi).

    Parameters
    ----------
    scores : (num_frames, num_states) array
        Larger is better; added up over time.
    switch_cost : float or (num_frames,) array
        Of a change just before each frame.

    Returns
    -------
    states : (num_frames,) int64 array

    Examples
    --------
    >>> smooth_states(np.array([[1.0, 0.0], [0.4, 0.6], [1.0, 0.0]]), 0.5).tolist()
    [0, 0, 0]
    """
    num_frames, num_states = scores.shape
    totals = np.asarray(scores[0], np.float64).copy()
    came_from = np.zeros((num_frames, num_states), np.int64)
    stay = np.arange(num_states)
    costs = np.broadcast_to(switch_cost, num_frames)
    for frame in range(1, num_frames):
        best = int(totals.argmax())
        switched = totals[best] - costs[frame]
        came_from[frame] = np.where(totals >= switched, stay, best)
        totals = np.maximum(totals, switched) + scores[frame]
    states = np.empty(num_frames, np.int64)
    states[-1] = totals.argmax()
    for frame in range(num_frames - 1, 0, -1):
        states[frame - 1] = came_from[frame, states[frame]]
    return states


def excess_distances(
    seconds: NDArray[np.float64], means: NDArray[np.float64], noise: float
) -> NDArray[np.float64]:
    """Squared distances of mean voices (num_states, embedding_dim) beyond what chance makes, each to each.

    Parameters
    ----------
    seconds : (num_states,) float64 array
        That each mean was taken over, above 0.
    means : (num_states, embedding_dim) float64 array
    noise : float
        Squared distance that chance and the words spoken add, times seconds of speech.
    """
    squares = ((means[:, None] - means) ** 2).sum(axis=2)
    return np.asarray(squares - noise * (1 / seconds[:, None] + 1 / seconds))


def _start(
    embeddings: NDArray[np.float64], hop: float, rules: VoiceRules, fewest: int
) -> NDArray[np.int64]:
    """Cut Ward's tree into more groups than there are speakers; of very many windows an even subset makes the tree."""
    num_windows = len(embeddings)
    if num_windows < 3:
        return np.arange(num_windows) if num_windows <= fewest else np.zeros(num_windows, int)
    kept = np.unique(np.linspace(0, num_windows - 1, min(num_windows, MOST_WINDOWS)).astype(int))
    tree = linkage(embeddings[kept], "ward")
    gains = tree[:, 2] ** 2 / 2 * hop * num_windows / len(kept)  # what each split saves
    num_groups = 1 + int((gains > START * rules.noise).sum())
    num_groups = min(max(num_groups, 2 * fewest), max(MOST_GROUPS, 2 * fewest), len(kept))
    groups = fcluster(tree, num_groups, "maxclust") - 1
    if len(kept) == num_windows:
        return np.unique(groups, return_inverse=True)[1]
    means = np.stack(
        [embeddings[kept][groups == group].mean(axis=0) for group in np.unique(groups)]
    )
    nearest = score_voices(embeddings, means).argmax(axis=1)
    return np.unique(nearest, return_inverse=True)[1]


def _closest(
    seconds: NDArray[np.float64], means: NDArray[np.float64], rules: VoiceRules
) -> tuple[int, int, float]:
    """The two speakers least apart, and by how much (squared) beyond what chance makes."""
    excess = excess_distances(seconds, means, rules.noise)
    excess[np.tril_indices(len(means))] = np.inf
    first, second = np.unravel_index(excess.argmin(), excess.shape)
    return int(first), int(second), float(excess[first, second])
