"""Search: how early do the right items come when a gallery is sorted by similarity?"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.errors import ShapeError

Floats = NDArray[np.float64]


def ranks_of_first(similarities: ArrayLike, relevant: ArrayLike) -> NDArray[np.int64]:
    """Rank the best relevant item of each query (num_queries,) from 1; ties count against it.

    Similarities and relevant are (num_queries, num_items); the rank is num_items + 1 where nothing is relevant.
    """
    similarities, relevant = _checked(similarities, relevant)
    best = np.where(relevant, similarities, -np.inf).max(axis=1, keepdims=True)
    ranks: NDArray[np.int64] = 1 + ((similarities >= best) & ~relevant).sum(axis=1)
    ranks[~relevant.any(axis=1)] = similarities.shape[1] + 1
    return ranks


def average_precision(similarities: ArrayLike, relevant: ArrayLike) -> Floats:
    """Average, over the relevant items, the precision of the list that ends with the item (and its ties): (num_queries,).

    Similarities and relevant are (num_queries, num_items); NaN where nothing is relevant.
    """
    similarities, relevant = _checked(similarities, relevant)
    num_queries, num_items = similarities.shape
    precision = np.zeros(num_queries)
    for query, (row, wanted) in enumerate(zip(similarities, relevant, strict=True)):
        scores = np.sort(row[wanted])
        listed = num_items - np.searchsorted(np.sort(row), scores, side="left")
        right = len(scores) - np.searchsorted(scores, scores, side="left")
        precision[query] = np.mean(right / listed) if len(scores) else np.nan
    return precision


def chance_recall_at_k(num_relevant: ArrayLike, num_items: int, k: int) -> Floats:
    """Expected recall at k of a random order: 1 - C(num_items - num_relevant, k) / C(num_items, k)."""
    others = num_items - np.asarray(num_relevant, dtype=np.float64)[..., None]
    drawn = np.arange(min(k, num_items))
    missed = np.clip(others - drawn, 0, None) / (num_items - drawn)
    return np.asarray(1 - missed.prod(axis=-1))


def chance_average_precision(num_relevant: ArrayLike, num_items: int) -> Floats:
    """Expected average precision of a random order.

    With R relevant among G and H the G-th harmonic number: (H + (G - H) (R - 1) / (G - 1)) / G, from
    E[precision at i | item i is relevant] = (1 + (i - 1) (R - 1) / (G - 1)) / i.
    """
    relevant = np.asarray(num_relevant, dtype=np.float64)
    harmonic = (1 / np.arange(1, num_items + 1)).sum()
    follow = (relevant - 1) / max(num_items - 1, 1)
    return np.asarray((harmonic + (num_items - harmonic) * follow) / num_items)


def _checked(similarities: ArrayLike, relevant: ArrayLike) -> tuple[NDArray, NDArray[np.bool_]]:
    similarities, relevant = np.asarray(similarities), np.asarray(relevant, dtype=bool)
    if similarities.ndim != 2 or similarities.shape != relevant.shape:
        raise ShapeError(
            "similarities and relevant: expected two arrays (num_queries, num_items), "
            f"got {similarities.shape} and {relevant.shape}"
        )
    if np.isnan(similarities).any():
        raise ShapeError("similarities: expected numbers, got NaN; check the embeddings")
    return similarities, relevant
