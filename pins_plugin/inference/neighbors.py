"""The most alike rows of a matrix for each of its rows: cells by FAISS where there are many rows, all of them otherwise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import MissingExtraError
from pins_plugin.inference.vector_index import Embeddings, compare_all
from pins_plugin.utils.optional import import_extra

MANY = 20_000  # rows from which on cells are worth their training
PROBED = 24  # cells that are searched for each row
EXAMPLES_PER_CELL = 39  # the least that FAISS trains on without a warning
QUERIES = 2048  # at once


def find_neighbors(
    embeddings: Embeddings, k: int, many: int = MANY
) -> tuple[NDArray[np.int64], Embeddings]:
    """Find k other rows for each row; time grows as the number of rows to the power of 1.5.

    Parameters
    ----------
    embeddings : (num_rows, embedding_dim) float32 array
        Of unit length.
    k : int
        Fewer where there are not so many rows.
    many : int
        Rows from which on only the nearest cells are searched, where FAISS is installed.

    Returns
    -------
    rows : (num_rows, k) int64 array
        -1 where fewer were found.
    similarities : (num_rows, k) float32 array
    """
    num_rows = len(embeddings)
    k = min(k, max(0, num_rows - 1))
    if k == 0:
        return np.zeros((num_rows, 0), np.int64), np.zeros((num_rows, 0), np.float32)
    index = _cells(embeddings) if num_rows >= many else None
    rows = np.empty((num_rows, k), np.int64)
    similarities = np.empty((num_rows, k), np.float32)
    for start in range(0, num_rows, QUERIES):
        part = slice(start, min(start + QUERIES, num_rows))
        if index is None:
            found, alike = compare_all(embeddings[part], embeddings, k + 1)
        else:
            alike, found = index.search(embeddings[part], k + 1)
        alike = alike.copy()
        alike[found == np.arange(part.start, part.stop)[:, None]] = -np.inf  # oneself
        order = np.argsort(-alike, axis=1, kind="stable")[:, :k]
        rows[part] = np.take_along_axis(found, order, axis=1)
        similarities[part] = np.take_along_axis(alike, order, axis=1)
    rows[~np.isfinite(similarities)] = -1
    return rows, similarities


def _cells(embeddings: Embeddings) -> Any:
    """Train and fill cells (faiss.IndexIVFFlat); None where FAISS is not installed."""
    try:
        faiss = import_extra("faiss", "gallery")
    except MissingExtraError:
        return None
    num_rows, dim = embeddings.shape
    count = int(2 * np.sqrt(num_rows))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, count, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter, index.cp.max_points_per_centroid, index.cp.seed = 6, EXAMPLES_PER_CELL, 0
    index.train(embeddings)
    index.add(embeddings)
    index.nprobe = PROBED
    return index  # type: ignore[no-any-return]
