"""Approximate nearest neighbors: a few cells of the space, short codes, then the exact vectors of the best.

Cells are those of k-means; within the cells nearest to the query, four-bit product codes are scanned with
register instructions (Andre, Kermarrec, Le Scouarnec, "Cache locality is not enough", 2015; FAISS's "fast scan"), and the
best candidates are compared exactly.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ShapeError
from pins_plugin.utils.optional import import_extra

Embeddings = NDArray[np.float32]
POINTS_PER_CELL = 40  # that k-means is trained on
CELLS_AT_MOST = 4096


@dataclass(frozen=True)
class VectorIndex:
    """An index over the first `num_rows` rows of a matrix, which it does not hold itself.

    Parameters
    ----------
    index : faiss.Index
    num_rows : int
    candidates : int
        Rows that are compared exactly, for each query.
    """

    index: Any
    num_rows: int
    candidates: int

    @classmethod
    def build(
        cls,
        embeddings: Embeddings,
        *,
        num_cells: int | None = None,
        cells_searched: int = 64,
        candidates: int = 200,
        seed: int = 0,
    ) -> Self:
        """Train and fill an index.

        Parameters
        ----------
        embeddings : (num_rows, embedding_dim) float32 array
            Of unit length.
        num_cells : int, optional
            Default: the power of two next to 4 sqrt(num_rows), at most 4096.
        cells_searched, candidates : int
            More find more and take longer.
        seed : int
            Of k-means.

        Raises
        ------
        ShapeError
            When there are too few rows to train on.
        MissingExtraError
            When FAISS is not installed.
        """
        faiss = import_extra("faiss", "gallery")
        num_rows, dim = embeddings.shape
        if num_rows < 1000 or dim % 2:
            raise ShapeError(
                f"index: expected 1000 rows or more of an even size, got {embeddings.shape}; "
                "search without an index"
            )
        cells = num_cells or min(CELLS_AT_MOST, 2 ** round(np.log2(4 * np.sqrt(num_rows))))
        index = faiss.index_factory(dim, f"IVF{cells},PQ{dim // 2}x4fs", faiss.METRIC_INNER_PRODUCT)
        index.cp.seed = seed
        index.cp.min_points_per_centroid = 1
        chosen = np.random.default_rng(seed).permutation(num_rows)[: cells * POINTS_PER_CELL]
        index.train(np.ascontiguousarray(embeddings[np.sort(chosen)]))
        index.add(np.ascontiguousarray(embeddings))
        index.nprobe = min(cells_searched, cells)
        return cls(index, num_rows, candidates)

    def search(
        self, queries: Embeddings, embeddings: Embeddings, k: int
    ) -> tuple[NDArray[np.int64], Embeddings]:
        """Find k rows (about the most alike) for each query.

        Parameters
        ----------
        queries : (num_queries, embedding_dim) float32 array
        embeddings : (at least num_rows, embedding_dim) float32 array
            What the index was built over.

        Returns
        -------
        rows : (num_queries, k) int64 array
            Best first; 0 where fewer were found.
        similarities : (num_queries, k) float32 array
            Exact; -2 where fewer were found.
        """
        count = max(k, min(self.candidates, self.num_rows))
        rows = self.index.search(np.ascontiguousarray(queries), count)[1]
        found = rows >= 0
        rows = np.where(found, rows, 0)
        exact = np.einsum("nd,nkd->nk", queries, embeddings[rows], optimize=True)
        similarities = np.where(found, exact, np.float32(-2))
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
        return (
            np.take_along_axis(rows, order, axis=1),
            np.take_along_axis(similarities, order, axis=1).astype(np.float32),
        )

    def to_bytes(self) -> NDArray[np.uint8]:
        """Serialize as an array of bytes."""
        faiss = import_extra("faiss", "gallery")
        head = np.array([self.num_rows, self.candidates], np.int64).view(np.uint8)
        return np.concatenate([head, faiss.serialize_index(self.index)])

    @classmethod
    def from_bytes(cls, content: NDArray[np.uint8]) -> Self:
        """Read what `to_bytes` made; FAISS does not check it, so only from a source you trust."""
        faiss = import_extra("faiss", "gallery")
        num_rows, candidates = (int(value) for value in content[:16].copy().view(np.int64))
        return cls(faiss.deserialize_index(content[16:].copy()), num_rows, candidates)
