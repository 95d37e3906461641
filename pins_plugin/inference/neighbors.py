"""The most alike rows of a matrix: all are compared, or, where there are many, those of the nearest cells (FAISS)."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import MissingExtraError, ShapeError
from pins_plugin.utils.optional import import_extra

Embeddings = NDArray[np.float32]
ROWS_AT_ONCE = 65_536  # rows that are compared at once
MANY = 20_000  # rows from which on `find_neighbors` makes cells
PROBED = 24  # cells that it searches for each row
QUERIES = 2048  # that it asks at once
FEWEST_ROWS = 1000  # rows that are worth cells at all
EXAMPLES_PER_CELL = 39  # the least that FAISS trains on without a warning
TRIED = 500  # queries by which the recall is measured
NEIGHBORS = 10  # of each


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


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows in cells, of which a search looks into the nearest (faiss.IndexIVFFlat).

    Parameters
    ----------
    index : faiss.IndexIVFFlat
    num_rows : int
    """

    index: Any
    num_rows: int

    @classmethod
    def build(cls, embeddings: Embeddings, probed: int = PROBED) -> Self:
        """Train and fill cells, `probed` of which are searched.

        Raises
        ------
        MissingExtraError
            When FAISS is not installed.
        """
        faiss = import_extra("faiss", "gallery")
        num_rows, dim = embeddings.shape
        count = int(2 * np.sqrt(num_rows))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, count, faiss.METRIC_INNER_PRODUCT)
        index.cp.niter, index.cp.max_points_per_centroid, index.cp.seed = 6, EXAMPLES_PER_CELL, 0
        index.train(embeddings)
        index.add(embeddings)
        index.nprobe = probed
        return cls(index, num_rows)

    @classmethod
    def build_for_recall(
        cls, embeddings: Embeddings, recall: float, queries: Embeddings | None = None, seed: int = 0
    ) -> Self:
        """Make cells, and search as few as find this share of the ten nearest rows.

        Parameters
        ----------
        embeddings : (num_rows, embedding_dim) float32 array
            Of unit length.
        recall : float
            Of exact search, at 10.
        queries : (num_queries, embedding_dim) float32 array, optional
            Such as will be asked, of unit length; rows of `embeddings` when not given.
        seed : int
            Of the rows that are measured on.

        Raises
        ------
        ShapeError
            When there are too few rows, or `recall` is no share.
        """
        if len(embeddings) < FEWEST_ROWS:
            raise ShapeError(
                f"index: expected {FEWEST_ROWS} rows or more, got {len(embeddings)}; search without an index"
            )
        if not 0 < recall < 1:
            raise ShapeError(f"recall: expected a share below 1, got {recall}")
        pool = embeddings if queries is None else queries
        asked = pool[np.random.default_rng(seed).permutation(len(pool))[:TRIED]]
        k = NEIGHBORS + (queries is None)  # a row finds itself
        wanted, _ = compare_all(asked, embeddings, k)
        cells = cls.build(embeddings, probed=1)
        while cells.index.nprobe < cells.index.nlist:
            found = cells.search(asked, k)[0]
            hits = [
                len({*one} & {*other}) - (queries is None)
                for one, other in zip(found, wanted, strict=True)
            ]
            if np.mean(hits) >= recall * NEIGHBORS:
                break
            cells.index.nprobe = min(2 * cells.index.nprobe, cells.index.nlist)
        return cells

    def search(self, queries: Embeddings, k: int) -> tuple[NDArray[np.int64], Embeddings]:
        """Find k rows for each query, best first; row -1 where fewer were found, with -3.4e38."""
        similarities, rows = self.index.search(np.ascontiguousarray(queries), k)
        return rows, similarities


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
    try:
        cells = Cells.build(embeddings) if num_rows >= many else None
    except MissingExtraError:
        cells = None
    rows = np.empty((num_rows, k), np.int64)
    similarities = np.empty((num_rows, k), np.float32)
    for start in range(0, num_rows, QUERIES):
        part = slice(start, min(start + QUERIES, num_rows))
        if cells is None:
            found, alike = compare_all(embeddings[part], embeddings, k + 1)
        else:
            found, alike = cells.search(embeddings[part], k + 1)
        alike = alike.copy()
        alike[found == np.arange(part.start, part.stop)[:, None]] = -np.inf  # oneself
        order = np.argsort(-alike, axis=1, kind="stable")[:, :k]
        rows[part] = np.take_along_axis(found, order, axis=1)
        similarities[part] = np.take_along_axis(alike, order, axis=1)
    rows[~np.isfinite(similarities)] = -1
    return rows, similarities
