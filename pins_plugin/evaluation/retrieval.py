"""Retrieval: all voices sorted by their similarity to a face, and the other way round."""

import numpy as np
from numpy.typing import NDArray

from pins_plugin.evaluation.items import Bootstrap, FaceVoiceItems, Labels, Report
from pins_plugin.evaluation.scores import Scores
from pins_plugin.metrics.retrieval import (
    average_precision,
    chance_average_precision,
    chance_recall_at_k,
    ranks_of_first,
)

RECALL_AT = (1, 5, 10)
QUERIES_AT_ONCE = 512  # queries whose similarities are held at once


def retrieve(items: FaceVoiceItems, bootstrap: Bootstrap) -> Report:
    """Measure recall at 1, 5, 10 and mean average precision, both directions.

    Every item of a person who has the other modality asks; everything of the other modality is searched.
    The bootstrap draws the people who ask, the gallery stays as it is.

    Returns
    -------
    report : dict
        By direction: {"recall_at_1": {"value", "ci95", "chance", "oracle"}, ..., "map": {...}, counts}.
    """
    return {
        direction: _one_direction(items, direction == "face_to_voice", bootstrap)
        for direction in ("face_to_voice", "voice_to_face")
    }


def _one_direction(items: FaceVoiceItems, forward: bool, bootstrap: Bootstrap) -> Report:
    query_labels, item_labels = (
        (items.faces, items.voices) if forward else (items.voices, items.faces)
    )
    queries = np.flatnonzero(query_labels >= 0)
    labels, num_items = query_labels[queries], len(item_labels)
    num_identities = len(items.names)
    relevant = np.bincount(item_labels[item_labels >= 0], minlength=num_identities)[labels]
    chance = {"map": chance_average_precision(relevant, num_items)}
    chance |= {f"recall_at_{k}": chance_recall_at_k(relevant, num_items, k) for k in RECALL_AT}
    reached = _search(items.scores, forward, queries, labels, item_labels)
    best = {}
    if items.oracle:
        best = _search(items.oracle, forward, queries, labels, item_labels, by_person=True)
    report: Report = {
        name: {
            **bootstrap.mean(values, labels, num_identities),
            "chance": float(chance[name].mean()),
            "oracle": float(best[name].mean()) if best else None,
        }
        for name, values in reached.items()
    }
    return report | {"num_queries": len(queries), "num_items": num_items}


def _search(
    scores: Scores,
    forward: bool,
    queries: NDArray,
    labels: Labels,
    item_labels: Labels,
    *,
    by_person: bool = False,
) -> dict[str, NDArray[np.float64]]:
    """Recall at k and average precision of each query.

    `by_person` lists one item of each person for recall: the oracle knows that a second item of a person it
    has already listed would be a wasted place.
    """
    people, member = np.unique(item_labels, return_inverse=True)
    ranks, precision = [], []
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        chunk = slice(start, start + QUERIES_AT_ONCE)
        similarities = scores.search(queries[chunk], forward)
        relevant = labels[chunk, None] == item_labels[None]
        precision.append(average_precision(similarities, relevant))
        if by_person:
            similarities = _best_of_each(similarities, member, len(people))
            relevant = labels[chunk, None] == people[None]
        ranks.append(ranks_of_first(similarities, relevant))
    first = np.concatenate(ranks)
    recall = {f"recall_at_{k}": (first <= k).astype(np.float64) for k in RECALL_AT}
    return recall | {"map": np.concatenate(precision)}


def _best_of_each(similarities: NDArray, member: NDArray[np.intp], num_people: int) -> NDArray:
    """Keep the best item of each person: (num_queries, num_items) to (num_queries, num_people)."""
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(num_people))
    return np.asarray(np.maximum.reduceat(similarities[:, order], starts, axis=1))
