"""Which windows of speech are one voice: clustering of voice embeddings, then smoothing over time."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from pins_plugin.utils.vectors import unit

KNOWN_VOICE = (
    0.85  # cosine similarity of mean voices from which on a known voice explains what is heard
)
MOST_WINDOWS = 4000  # that are clustered at once: the memory needed is quadratic in it


def cluster_voices(
    embeddings: NDArray[np.floating],
    threshold: float,
    smallest: int = 1,
    num_speakers: int | None = None,
) -> NDArray[np.float64]:
    """Group voice embeddings and return one unit vector for each speaker.

    Agglomerative clustering by average cosine distance; of very many windows an even subset is clustered.

    Parameters
    ----------
    embeddings : (num_windows, embedding_dim) array
        Of unit length.
    threshold : float
        Cosine distance from which on two groups are two speakers.
    smallest : int
        Groups of fewer windows are no speaker of their own.
    num_speakers : int, optional
        Find this many (or as many as there are windows) instead of going by `threshold`.

    Returns
    -------
    centroids : (num_speakers, embedding_dim) float64 array
        Largest group first.
    """
    embeddings = np.asarray(embeddings, np.float64)
    if len(embeddings) > MOST_WINDOWS:
        kept = np.linspace(0, len(embeddings) - 1, MOST_WINDOWS).astype(int)
        smallest = max(1, round(smallest * MOST_WINDOWS / len(embeddings)))
        embeddings = embeddings[kept]
    groups = np.ones(len(embeddings), int)
    if len(embeddings) > 1:
        tree = linkage(embeddings, "average", metric="cosine")
        if num_speakers is not None:
            groups = _cut(tree, num_speakers, smallest)
        else:
            groups = fcluster(tree, threshold, "distance")
    names, sizes = np.unique(groups, return_counts=True)
    order = np.argsort(-sizes, kind="stable")
    kept_names = [names[i] for i in order if sizes[i] >= smallest or i == order[0]]
    if num_speakers is not None:
        kept_names = kept_names[:num_speakers]
    return unit(np.stack([embeddings[groups == name].mean(axis=0) for name in kept_names]))


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


def smooth_states(scores: NDArray[np.floating], switch_cost: float) -> NDArray[np.int64]:
    """Find the best sequence of states where each change costs `switch_cost` (Viterbi).

    Parameters
    ----------
    scores : (num_frames, num_states) array
        Larger is better; added up over time.
    switch_cost : float

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
    for frame in range(1, num_frames):
        best = int(totals.argmax())
        switched = totals[best] - switch_cost
        came_from[frame] = np.where(totals >= switched, stay, best)
        totals = np.maximum(totals, switched) + scores[frame]
    states = np.empty(num_frames, np.int64)
    states[-1] = totals.argmax()
    for frame in range(num_frames - 1, 0, -1):
        states[frame - 1] = came_from[frame, states[frame]]
    return states


def _cut(tree: NDArray[np.float64], num_speakers: int, smallest: int) -> NDArray[np.int32]:
    """Cut the tree where it first has `num_speakers` groups that are large enough."""
    num_windows = len(tree) + 1
    for num_groups in range(num_speakers, num_windows + 1):
        groups = fcluster(tree, num_groups, "maxclust")
        if (np.bincount(groups) >= smallest).sum() >= num_speakers:
            return groups
    return fcluster(tree, num_speakers, "maxclust")
