"""Approximate nearest neighbors: short codes of all items are scanned, the best are compared exactly.

Four-bit product codes are scanned with register instructions (Andre, Kermarrec, Le Scouarnec, "Cache locality is
not enough: high-performance nearest neighbor search with product quantization fast scan", 2015; FAISS). A
million codes take about a millisecond, so no cells are needed, which would lose neighbors where the embeddings have no
clusters. Before, the space is turned so that every code holds as much of what varies (Ge, He, Ke, Sun, "Optimized
product quantization", CVPR 2013).
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ShapeError
from pins_plugin.utils.optional import import_extra

Embeddings = NDArray[np.float32]
TRAINING_ROWS = 20_000
TURNS = 12  # steps of the optimization


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
        code_dims: int = 8,
        candidates: int = 700,
        seed: int = 0,
    ) -> Self:
        """Train and fill an index.

        Parameters
        ----------
        embeddings : (num_rows, embedding_dim) float32 array
            Of unit length.
        code_dims : int
            Dimensions that share four bits; must divide embedding_dim. Fewer find more and take longer.
        candidates : int
            More find more and take longer.
        seed : int
            Of the rows that are trained on.

        Raises
        ------
        ShapeError
            When there are too few rows to train on, or `code_dims` does not divide their size.
        MissingExtraError
            When FAISS is not installed.
        """
        faiss = import_extra("faiss", "gallery")
        num_rows, dim = embeddings.shape
        if num_rows < 1000 or dim % code_dims:
            raise ShapeError(
                f"index: expected 1000 rows or more, of a multiple of {code_dims} dimensions, "
                f"got {embeddings.shape}; search without an index"
            )
        chosen = np.random.default_rng(seed).permutation(num_rows)[:TRAINING_ROWS]
        examples = np.ascontiguousarray(embeddings[np.sort(chosen)])
        num_codes = dim // code_dims
        turn = faiss.OPQMatrix(dim, num_codes)
        turn.pq = quantizer = faiss.ProductQuantizer(dim, num_codes, 4)
        turn.niter, turn.niter_pq, turn.niter_pq_0 = TURNS, 3, 10
        turn.train(examples)
        turn.pq = None  # `quantizer` is not the turn's to keep
        del quantizer
        codes = faiss.index_factory(dim, f"PQ{num_codes}x4fs", faiss.METRIC_INNER_PRODUCT)
        index = faiss.IndexPreTransform(turn, codes)
        index.train(examples)
        index.add(np.ascontiguousarray(embeddings))
        return cls(index, num_rows, candidates)

    def search(
        self, queries: Embeddings, embeddings: Embeddings, k: int
    ) -> tuple[NDArray[np.int64], Embeddings]:
        """Find k rows (about the most alike) for each query.

        Parameters
        ----------
        queries : (num_queries, embedding_dim) float32 array
        embeddings : (at least num_rows, embedding_dim) float32 array, C-contiguous
            What the index was built over.

        Returns
        -------
        rows : (num_queries, k) int64 array
            Best first; 0 where fewer were found.
        similarities : (num_queries, k) float32 array
            Exact; -2 where fewer were found.
        """
        faiss = import_extra("faiss", "gallery")
        count = max(k, min(self.candidates, self.num_rows))
        queries = np.ascontiguousarray(queries)
        rows = self.index.search(queries, count)[1]
        similarities = np.empty(rows.shape, np.float32)
        pointers = map(faiss.swig_ptr, (similarities, queries, embeddings, rows))
        faiss.fvec_inner_products_by_idx(*pointers, queries.shape[1], *rows.shape)  # exact
        found = rows >= 0
        rows, similarities = np.where(found, rows, 0), np.where(found, similarities, -2)
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
        return (
            np.take_along_axis(rows, order, axis=1),
            np.take_along_axis(similarities, order, axis=1).astype(np.float32, copy=False),
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
