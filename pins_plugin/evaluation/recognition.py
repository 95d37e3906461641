"""Recognition within one modality: are two voices, or two faces, one person's?

Every pair of items of different recordings is a trial, or those of a list. Scores are cosines; EER and
minDCF (prior 0.05) come with 95 % bootstrap intervals over people.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from pins_plugin.errors import ManifestError, ShapeError
from pins_plugin.evaluation.verification import pair_intervals
from pins_plugin.metrics.verification import eer, min_dcf
from pins_plugin.utils.vectors import unit


def recognition_trials(
    identities: Sequence[str], recordings: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List all pairs of different recordings.

    Returns
    -------
    first, second : (num_trials,) int64 array
        first < second.

    Examples
    --------
    >>> recognition_trials(["ann", "ann", "bob"], ["x", "x", "y"])
    (array([0, 1]), array([2, 2]))
    """
    first, second = np.triu_indices(len(identities), k=1)
    codes = np.unique(np.asarray(recordings), return_inverse=True)[1]
    apart = codes[first] != codes[second]
    return first[apart], second[apart]


def evaluate_recognition(
    embeddings: NDArray[np.floating],
    identities: Sequence[str],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    same: NDArray[np.bool_] | None = None,
    *,
    num_replicates: int = 200,
    seed: int = 0,
) -> dict[str, float | int | list[float]]:
    """Score trials by the cosine of their embeddings.

    Parameters
    ----------
    embeddings : (num_items, embedding_dim) array
    identities : (num_items,) sequence of str
        Whose each item is; for the intervals, and for `same` where it is not given.
    first, second : (num_trials,) int64 array
        Rows of `embeddings`.
    same : (num_trials,) bool array, optional
        What a list says.
    num_replicates : int
        Of the bootstrap over people; 0 for no intervals.

    Returns
    -------
    scores : dict
        "eer", "min_dcf", each with "..._interval", and "num_trials", "num_identities".

    Raises
    ------
    ManifestError
        When all trials are of one kind.
    """
    people, labels = np.unique(np.asarray(identities), return_inverse=True)
    if same is None:
        same = labels[first] == labels[second]
    if same.all() or not same.any():
        raise ManifestError(
            f"trials: expected pairs of one person and of two, got {int(same.sum())} of {len(same)} of one; "
            "give people with several recordings"
        )
    units = unit(np.asarray(embeddings, np.float64))
    scores = np.einsum("td,td->t", units[first], units[second])
    result: dict[str, float | int | list[float]] = {
        "eer": eer(scores, same),
        "min_dcf": min_dcf(scores, same),
        "num_trials": len(same),
        "num_identities": len(people),
    }
    if num_replicates:
        intervals = pair_intervals(
            scores,
            same,
            labels[first],
            labels[second],
            len(people),
            generator=np.random.default_rng(seed),
            num_replicates=num_replicates,
        )
        result |= {
            "eer_interval": intervals[:, 1].tolist(),
            "min_dcf_interval": intervals[:, 2].tolist(),
        }
    return result


def fit_probe(
    embeddings: NDArray[np.floating], identities: Sequence[str], num_directions: int = 64
) -> LinearDiscriminantAnalysis:
    """Fit a linear probe on people whose names are known: discriminant directions, whitened within people.

    Fisher's linear discriminant with a shrunk covariance (Ledoit and Wolf 2004), the usual back end of speaker
    embeddings; `probe.transform(embeddings)` is then compared by cosine.
    """
    embeddings = np.asarray(embeddings, np.float64)
    num_people = len(set(identities))
    if not 1 < num_people < len(embeddings):
        raise ShapeError(
            f"identities: expected two or more people with several items, got {num_people} in {len(embeddings)} items"
        )
    probe = LinearDiscriminantAnalysis(
        solver="eigen",
        shrinkage="auto",
        n_components=min(num_directions, num_people - 1, embeddings.shape[1]),
    )
    return probe.fit(embeddings, np.asarray(identities))
