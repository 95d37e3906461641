"""Trials drawn by seed: which face is compared with which voice.

Both modalities are queries and candidates in turn, so the functions speak of queries and candidates, and of
class indices `labels` that both share (-1 for an item to be left out).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ManifestError
from pins_plugin.utils.row_draws import RowsByLabel

Labels = NDArray[np.int64]
Indices = NDArray[np.intp]


class PairTrials(NamedTuple):
    """Verification pairs: queries[i] and candidates[i] are the same person where same[i]."""

    queries: Indices
    candidates: Indices
    same: NDArray[np.bool_]


class MatchingTrials(NamedTuple):
    """1-of-N trials: candidates (num_trials, N), the right one in column 0, distinct people in a row."""

    queries: Indices
    candidates: Indices


def draw_distinct(
    sizes: NDArray[np.int64], count: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw `count` distinct numbers below sizes[i] for each i, all ordered choices alike.

    Parameters
    ----------
    sizes : (num_rows,) int64 array
        Each at least `count`.

    Returns
    -------
    drawn : (num_rows, count) int64 array
    """
    drawn = np.empty((len(sizes), count), np.int64)
    for k in range(count):
        value = (generator.random(len(sizes)) * (sizes - k)).astype(np.int64)
        for taken in np.sort(drawn[:, :k], axis=1).T:  # step over those that are taken
            value += value >= taken
        drawn[:, k] = value
    return drawn


def draw_others(
    labels: Labels, groups: Labels, count: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw `count` distinct other people of the same group for each person in `labels`.

    Parameters
    ----------
    labels : (num_trials,) int64 array
        Class indices.
    groups : (num_identities,) int64 array
        Group of each person; -1 for a person who may not be drawn.

    Returns
    -------
    others : (num_trials, count) int64 array
        Rows of -1 where the group holds fewer than `count` others.
    """
    people = np.argsort(groups, kind="stable")
    place = np.empty_like(people)
    place[people] = np.arange(len(people))
    values, starts, sizes = np.unique(groups[people], return_index=True, return_counts=True)
    at = np.searchsorted(values, groups[labels])
    enough = (sizes[at] - 1 >= count) & (groups[labels] >= 0)
    others = np.full((len(labels), count), -1, np.int64)
    at, own = at[enough], place[labels[enough]] - starts[at[enough]]
    drawn = draw_distinct(sizes[at] - 1, count, generator)
    drawn += drawn >= own[:, None]  # step over oneself
    others[enough] = people[starts[at][:, None] + drawn]
    return others


def draw_pairs(
    query_labels: Labels,
    candidate_labels: Labels,
    num_pairs: int,
    generator: np.random.Generator,
    *,
    groups: Labels | None = None,
    query_recordings: Labels | None = None,
    candidate_recordings: Labels | None = None,
    relation: str = "any",
) -> PairTrials:
    """Draw balanced verification pairs: each query once with its own person, once with another.

    Parameters
    ----------
    query_labels, candidate_labels : (num_items,) int64 array
        Class indices of the people, shared by both; -1 leaves an item out.
    num_pairs : int
        Half of them positive.
    groups : (num_identities,) int64 array, optional
        Negatives come from the same group (same gender, say); -1 leaves a person out.
    query_recordings, candidate_recordings : (num_items,) int64 array, optional
        Class indices of the clip or video that each item comes from.
    relation : {"any", "same", "other"}
        Whether positives share the recording. "any" does not ask.

    Raises
    ------
    ManifestError
        When no such pair exists, such as with a single person.
    """
    num_identities = int(max(query_labels.max(), candidate_labels.max())) + 1
    groups = np.zeros(num_identities, np.int64) if groups is None else groups
    shared = np.isin(np.arange(num_identities), candidate_labels)
    shared &= np.isin(np.arange(num_identities), query_labels) & (groups >= 0)
    groups = np.where(shared, groups, -1)
    usable = np.flatnonzero((query_labels >= 0) & (groups[query_labels] >= 0))
    if len(usable) == 0:
        raise ManifestError("trials: expected people with a face and a voice, got none")
    queries = _each_in_turn(usable, num_pairs // 2, generator)
    positives = _draw_positives(
        queries,
        query_labels,
        candidate_labels,
        generator,
        (query_recordings, candidate_recordings),
        relation,
    )
    others = draw_others(query_labels[queries], groups, 1, generator)[:, 0]
    kept = (positives >= 0) & (others >= 0)
    if not kept.any():
        raise ManifestError(
            f"trials: expected two or more people with pairs of relation {relation!r}, got none; "
            "add clips of other people (or other videos)"
        )
    queries, positives, others = queries[kept], positives[kept], others[kept]
    negatives = RowsByLabel(candidate_labels).draw(others, generator)
    return PairTrials(
        np.concatenate([queries, queries]),
        np.concatenate([positives, negatives]),
        np.repeat([True, False], len(queries)),
    )


def draw_matching(
    query_labels: Labels,
    candidate_labels: Labels,
    num_candidates: int,
    num_trials: int,
    generator: np.random.Generator,
) -> MatchingTrials:
    """Draw 1-of-N trials; the first n columns are a 1-of-n trial for every n.

    Parameters
    ----------
    query_labels, candidate_labels
        As in `draw_pairs`.
    num_candidates : int
        N, the right one included.

    Returns
    -------
    trials : MatchingTrials
        Empty where there are too few people.
    """
    num_identities = int(max(query_labels.max(), candidate_labels.max())) + 1
    groups = np.where(np.isin(np.arange(num_identities), candidate_labels), 0, -1)
    usable = np.flatnonzero((query_labels >= 0) & (groups[query_labels] >= 0))
    if len(usable) == 0:
        return MatchingTrials(np.empty(0, np.intp), np.empty((0, num_candidates), np.intp))
    queries = _each_in_turn(usable, num_trials, generator)
    own = query_labels[queries]
    others = draw_others(own, groups, num_candidates - 1, generator)
    kept = others[:, 0] >= 0
    people = np.concatenate([own[kept, None], others[kept]], axis=1)
    return MatchingTrials(queries[kept], RowsByLabel(candidate_labels).draw(people, generator))


def _each_in_turn(
    items: Indices, num_trials: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    """Ask with each item in random order, as often as it takes; at least one trial."""
    num_trials = max(num_trials, 1)
    rounds = -(-num_trials // len(items))
    return np.concatenate([generator.permutation(items) for _ in range(rounds)])[:num_trials]


def _draw_positives(
    queries: Indices,
    query_labels: Labels,
    candidate_labels: Labels,
    generator: np.random.Generator,
    recordings: tuple[Labels | None, Labels | None],
    relation: str,
) -> Indices:
    """Draw a candidate of the query's own person; -1 where none has the wanted relation."""
    if relation == "any":
        return RowsByLabel(candidate_labels).draw(query_labels[queries], generator)
    query_recordings, candidate_recordings = recordings
    if query_recordings is None or candidate_recordings is None:
        raise ManifestError(f"trials: relation {relation!r} needs the recording of every item")
    if relation == "same":  # of a recording with several people only one's own
        num_recordings = int(max(query_recordings.max(), candidate_recordings.max())) + 1
        wanted = query_labels[queries] * num_recordings + query_recordings[queries]
        own = np.where(
            candidate_labels < 0, -1, candidate_labels * num_recordings + candidate_recordings
        )
        exists = np.isin(wanted, own)
        drawn = np.full(len(queries), -1, np.intp)
        drawn[exists] = RowsByLabel(own).draw(wanted[exists], generator)
        return drawn
    index = RowsByLabel(candidate_labels)
    drawn = index.draw(query_labels[queries], generator)
    for _ in range(30):  # draw again where the recording is the same
        again = np.flatnonzero(candidate_recordings[drawn] == query_recordings[queries])
        if len(again) == 0:
            return drawn
        drawn[again] = index.draw(query_labels[queries[again]], generator)
    drawn[candidate_recordings[drawn] == query_recordings[queries]] = -1
    return drawn
