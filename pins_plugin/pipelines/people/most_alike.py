"""Which pairs of groups are joined at once, so that it comes to the same as joining the most alike pair again and again."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def choose_most_alike(
    ends: Ints, values: NDArray[np.float64], sizes: Ints, apart: Ints, seed: int = 0
) -> NDArray[np.bool_]:
    """Choose groups that are each other's most alike, and lone sightings whose most alike is a group that stays.

    Where joining makes nothing more alike than it was, none of them gets anything more alike, whatever else is joined first.

    Parameters
    ----------
    ends : (num_pairs, 2) int64 array
        Two groups; the second is to become part of the first, which is not the smaller one.
    values : (num_pairs,) array
        How alike they are.
    sizes : (num_groups,) int64 array
        Sightings of each group; only of one that is lone, a single wish is enough.
    apart : (num_apart, 2) int64 array
        Groups that are never to be one: where two go to one group, the less alike waits.
    seed : int
        Of the order among equally alike pairs; in any fixed one, all would wait for the first.

    Returns
    -------
    chosen : (num_pairs,) bool array
        No group goes to two others, or to one that goes to another.

    Examples
    --------
    >>> ends, values = np.array([[0, 1], [0, 2], [1, 2]]), np.array([0.9, 0.7, 0.8])
    >>> choose_most_alike(ends, values, np.ones(3, int), np.zeros((0, 2), int)).tolist()
    [True, False, False]
    """
    num_groups, num_pairs = len(sizes), len(ends)
    rank = np.empty(num_pairs, np.int64)
    ties = np.random.default_rng(seed).permutation(num_pairs)
    rank[np.lexsort((ties, values))] = np.arange(num_pairs)
    best = np.full(num_groups, -1)
    np.maximum.at(best, ends, rank[:, None])
    wanted = best[ends] == rank[:, None]  # (num_pairs, 2) by the first, by the second
    mutual, lone = wanted.all(axis=1), sizes[ends] == 1
    busy = np.zeros(num_groups, bool)  # becomes one with another group
    busy[ends[mutual & ~lone[:, 1]]] = True
    follows = wanted[:, 1] & lone[:, 1] & ~lone[:, 0] & ~busy[ends[:, 0]]
    chosen = mutual | follows
    into, going = ends[chosen].T
    goes, sure = np.arange(num_groups), np.full(num_groups, -1)
    goes[going], sure[going] = into, rank[chosen]
    clash = apart[goes[apart[:, 0]] == goes[apart[:, 1]]]
    waits = np.take_along_axis(clash, sure[clash].argmin(axis=1)[:, None], axis=1)
    return chosen & ~np.isin(ends[:, 1], waits)
