"""The most alike rows of a matrix: all are compared, or, where there are many, those of the nearest cells (FAISS)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import MissingExtraError
from pins_plugin.utils.optional import import_extra

Embeddings = NDArray[np.float32]
ROWS_AT_ONCE = 65_536  # rows that are compared at once; chosen, not measured
MANY = 5_000  # rows from which on `find_neighbors` makes cells; chosen, not measured
ROWS_PER_CELL = 128  # on average, so that a search takes as long however many rows there are
PROBED = 24  # cells that it searches for each row
PROBED_REGIONS = 12  # regions of cells in which it looks for these
QUERIES = 2048  # that it asks at once; chosen, not measured
EXAMPLES_PER_CELL = 16  # that cells are placed by; more find no more


def compare_all(
    queries: Embeddings, items: Embeddings, k: int
) -> tuple[NDArray[np.int64], Embeddings]:
    """Compare with every item, block by block: rows and similarities of the best k (or all), best first."""
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
    order = np.argsort(-best, axis=1, kind="stable")
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(best, order, axis=1)


def find_neighbors(
    embeddings: Embeddings, k: int, many: int = MANY
) -> tuple[NDArray[np.int64], Embeddings]:
    """Find k other rows for each row, fewer where there are not so many; with cells, time grows little faster than the number of rows.

    Parameters
    ----------
    embeddings : (num_rows, embedding_dim) float32 array
        Of unit length.
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
    turns = np.arange(num_rows)
    if cells is not None:
        nearness, probed = cells.quantizer.search(embeddings, cells.nprobe)
        turns = np.argsort(probed[:, 0], kind="stable")  # rows of one cell need the same memory
    for start in range(0, num_rows, QUERIES):
        part = turns[start : start + QUERIES]
        queries = embeddings[part]
        if cells is None:
            found, alike = compare_all(queries, embeddings, k + 1)
        else:
            alike, found = cells.search_preassigned(queries, k + 1, probed[part], nearness[part])
        alike = alike.copy()
        alike[found == part[:, None]] = -np.inf  # oneself
        order = np.argsort(-alike, axis=1, kind="stable")[:, :k]
        rows[part] = np.take_along_axis(found, order, axis=1)
        similarities[part] = np.take_along_axis(alike, order, axis=1)
    rows[~np.isfinite(similarities)] = -1
    return rows, similarities


def _fill_cells(embeddings: Embeddings) -> Any:
    """Put all rows into cells, and cells into regions, some of which are searched; None where FAISS is not installed."""
    try:
        faiss = import_extra("faiss", "gallery")
    except MissingExtraError:
        return None
    num_rows, dim = embeddings.shape
    count = num_rows // ROWS_PER_CELL
    kind = f"IVF{count}(IVF{int(np.sqrt(count))},Flat),Flat"
    index = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    regions = faiss.downcast_index(index.quantizer)
    for part, probed in ((index, PROBED), (regions, PROBED_REGIONS)):
        part.cp.niter, part.cp.seed, part.cp.min_points_per_centroid = 4, 0, 1
        part.cp.max_points_per_centroid, part.nprobe = EXAMPLES_PER_CELL, min(probed, part.nlist)
    index.train(embeddings)
    index.add(embeddings)
    return index
