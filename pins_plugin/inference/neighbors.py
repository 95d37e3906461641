"""The most alike rows of a matrix: all are compared, or, where there are many, those of the nearest cells (FAISS)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import MissingExtraError
from pins_plugin.utils.optional import import_extra

Embeddings = NDArray[np.float32]
ROWS_AT_ONCE = 65_536  # rows that are compared at once; chosen, not measured
MANY = 20_000  # rows from which on `find_neighbors` makes cells
PROBED = 24  # cells that it searches for each row
QUERIES = 2048  # that it asks at once; chosen, not measured
EXAMPLES_PER_CELL = 39  # the least that FAISS trains on without a warning


def compare_all(
    queries: Embeddings, items: Embeddings, k: int
) -> tuple[NDArray[np.int64], Embeddings]:
    """Compare with every item, block by block: rows and similarities of the best k (or all), unordered."""
    rows = np.zeros((len(queries), 0), np.int64)
    best = np.zeros((len(queries), 0), np.float32)
    for start in range(0, len(items), ROWS_AT_ONCE):
        block = queries @ items[start : start + ROWS_AT_ONCE].T  # (num_queries, block)
        places = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        best, rows = np.concatenate([best, block], axis=1), np.concatenate([rows, places], axis=1)
        if best.shape[1] > k:
            kept = np.argpartition(-best, k - 1, axis=1)[:, :k]
            best = np.take_along_axis(best, kept, axis=1)
            rows = np.take_along_axis(rows, kept, axis=1)
    return rows, best


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
    cells = _fill_cells(embeddings) if num_rows >= many else None
    rows = np.empty((num_rows, k), np.int64)
    similarities = np.empty((num_rows, k), np.float32)
    for start in range(0, num_rows, QUERIES):
        part = slice(start, min(start + QUERIES, num_rows))
        if cells is None:
            found, alike = compare_all(embeddings[part], embeddings, k + 1)
        else:
            alike, found = cells.search(np.ascontiguousarray(embeddings[part]), k + 1)
        alike = alike.copy()
        alike[found == np.arange(part.start, part.stop)[:, None]] = -np.inf  # oneself
        order = np.argsort(-alike, axis=1, kind="stable")[:, :k]
        rows[part] = np.take_along_axis(found, order, axis=1)
        similarities[part] = np.take_along_axis(alike, order, axis=1)
    rows[~np.isfinite(similarities)] = -1
    return rows, similarities


def _fill_cells(embeddings: Embeddings) -> Any:
    """Put all rows into cells, a few of which are searched (faiss.IndexIVFFlat); None where FAISS is not installed."""
    try:
        faiss = import_extra("faiss", "gallery")
    except MissingExtraError:
        return None
    num_rows, dim = embeddings.shape
    count = int(2 * np.sqrt(num_rows))
    index = faiss.index_factory(dim, f"IVF{count},Flat", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter, index.cp.max_points_per_centroid, index.cp.seed = 6, EXAMPLES_PER_CELL, 0
    index.train(embeddings)
    index.add(embeddings)
    index.nprobe = PROBED
    return index
