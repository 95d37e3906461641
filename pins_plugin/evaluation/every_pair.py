"""Few people, every pair: each person's face against each person's voice, once.

For sets too small to draw trials from. Intervals are over people, as everywhere.
"""

from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.errors import ShapeError
from pins_plugin.evaluation.items import Bootstrap, Report
from pins_plugin.evaluation.verification import score_pairs
from pins_plugin.metrics.bootstrap import bootstrap_interval, pair_weights
from pins_plugin.metrics.verification import roc_auc

WAYS = (2, 4, 10)


def score_every_pair(scores: ArrayLike, groups: ArrayLike | None = None) -> dict[str, Report]:
    """Score all faces against all voices.

    Parameters
    ----------
    scores : (num_people, num_people) array
        Row: face of a person; column: voice of a person; larger means more alike.
    groups : (num_people,) array, optional
        Such as a recorded sex; one part of the report then compares within groups only.

    Returns
    -------
    report : dict of str to report
        "all" and, with groups, "within": see `score_pairs`; "each group": "roc_auc" and "ci95" of the mean over the groups of two people
        and more, which a judge that only ranks one group's pairs above another's does not raise; "1 of 2" and so on, as far as there are people:
        "accuracy" with which a voice finds its face among others at random, "ci95", "chance".

    Raises
    ------
    ShapeError
        When the matrix is not square, or of fewer than two people.
    """
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise ShapeError(f"scores: expected (num_people, num_people), got {matrix.shape}")
    bootstrap = Bootstrap()
    faces, voices = np.divmod(np.arange(matrix.size), len(matrix))
    kinds = {"all": np.ones(matrix.size, bool)}
    if groups is not None:
        of_person = np.asarray(groups)
        kinds["within"] = of_person[faces] == of_person[voices]
    report = {
        name: score_pairs(
            matrix.ravel()[kept],
            (faces == voices)[kept],
            faces[kept],
            voices[kept],
            bootstrap=bootstrap,
        )
        for name, kept in kinds.items()
    }
    if groups is not None:
        report["each group"] = _score_each_group(matrix, np.asarray(groups), bootstrap)
    people = np.arange(len(matrix))
    for ways in WAYS:
        if ways <= len(matrix):
            won = chance_of_winning(matrix.T, ways)  # each voice looks among faces
            mean = bootstrap.mean(won, people, len(people), "accuracy")
            report[f"1 of {ways}"] = {**mean, "chance": 1 / ways}
    return report


def _score_each_group(matrix: NDArray[np.float64], groups: NDArray, bootstrap: Bootstrap) -> Report:
    """Mean of the areas of the groups, each by itself, however many people it has."""
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    parts = [np.meshgrid(m, m, indexing="ij") for m in members if len(m) > 1]
    pairs = [(faces.ravel(), voices.ravel()) for faces, voices in parts]

    def mean(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        areas = [roc_auc(matrix[f, v], f == v, pair_weights(counts, f, v)) for f, v in pairs]
        return np.asarray(np.mean(areas, axis=0))

    interval = bootstrap_interval(mean, len(matrix), **bootstrap.options())
    everybody = np.ones((1, len(matrix)))
    return {"roc_auc": float(mean(everybody)[0]), "ci95": interval.tolist()}


def chance_of_winning(scores: NDArray[np.float64], ways: int) -> NDArray[np.float64]:
    """How often the diagonal of each row is the highest among itself and `ways` - 1 others drawn at random.

    A tie with t others is won in one of t + 1 cases.

    Parameters
    ----------
    scores : (num_people, num_people) float64 array

    Returns
    -------
    chance : (num_people,) float64 array

    Examples
    --------
    One of the two others scores higher, so that half of the drawn ones do.

    >>> chance_of_winning(np.array([[0.5, 0.9, 0.1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), 2)
    array([0.5, 1. , 1. ])
    """
    own = np.diag(scores)[:, None]
    off = ~np.eye(len(scores), dtype=bool)
    below = ((scores < own) & off).sum(axis=1)
    equal = ((scores == own) & off).sum(axis=1)
    # Of the choices among those that are not higher, each tie of t with oneself counted 1 / (t + 1): sums up in closed form
    won = [
        (comb(int(e + b) + 1, ways) - comb(int(b), ways)) / (int(e) + 1)
        for e, b in zip(equal, below, strict=True)
    ]
    return np.array(won) / comb(len(scores) - 1, ways - 1)
