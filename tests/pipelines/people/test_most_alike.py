"""Joining round by round comes to what SciPy's average linkage comes to, and holds apart who is apart."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from pins_plugin.pipelines.people.most_alike import choose_most_alike


@pytest.mark.parametrize("seed", range(5))
def test_rounds_give_the_groups_of_average_linkage(seed: int) -> None:
    generator = np.random.default_rng(seed)
    count, needed = 40, 0.55
    alike = generator.random((count, count))
    alike = (alike + alike.T) / 2
    members = [[row] for row in range(count)]
    rounds = 0
    while True:
        ends = np.array(np.triu_indices(count, 1)).T
        ends = np.array([pair for pair in ends if members[pair[0]] and members[pair[1]]])
        means = np.array([alike[np.ix_(members[a], members[b])].mean() for a, b in ends])
        ends, means = ends[means >= needed], means[means >= needed]
        twos = np.full(count, 2)  # nobody is alone
        chosen = choose_most_alike(ends, means, twos, np.zeros((0, 2), int))
        if not chosen.any():
            break
        rounds += 1
        for into, going in ends[chosen]:
            members[into] += members[going]
            members[going] = []
    tree = linkage(squareform(1 - alike, checks=False), "average")
    slow = fcluster(tree, 1 - needed, "distance")
    groups = np.empty(count, int)
    for place, rows in enumerate(members):
        groups[rows] = place
    assert ((groups[:, None] == groups) == (slow[:, None] == slow)).all()
    assert 1 < len(np.unique(slow)) < count and rounds < count - len(np.unique(slow))


@pytest.mark.parametrize("equal", [False, True])
def test_none_goes_twice_and_none_to_whom_it_is_apart_from(equal: bool) -> None:
    generator = np.random.default_rng(1)
    sizes = np.sort(generator.integers(1, 4, 200))[::-1].copy()
    ends = np.unique(np.sort(generator.integers(0, 200, (2000, 2)), axis=1), axis=0)
    ends = ends[ends[:, 0] != ends[:, 1]]
    values = np.full(len(ends), 0.5) if equal else generator.random(len(ends))
    apart = np.sort(generator.integers(0, 200, (4000, 2)), axis=1)
    apart = apart[apart[:, 0] != apart[:, 1]]
    never = np.isin(ends @ [200, 1], apart @ [200, 1])
    ends, values = ends[~never], values[~never]
    chosen = choose_most_alike(ends, values, sizes, apart)
    into, going = ends[chosen].T
    assert len(np.unique(going)) == len(going) > 20 and not np.isin(into, going).any()
    goes = np.arange(200)
    goes[going] = into
    assert (goes[apart[:, 0]] != goes[apart[:, 1]]).all()
    assert equal or chosen[values.argmax()]
