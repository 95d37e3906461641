"""Approximate nearest neighbors: short codes of all items are scanned, the best are compared exactly.

Four-bit product codes are scanned with register instructions (Andre, Kermarrec, Le Scouarnec, "Cache locality is
not enough: high-performance nearest neighbor search with product quantization fast scan", 2015; FAISS). A
million codes take about a millisecond, so no cells are needed, which would lose neighbors where the embeddings have no
clusters. Before, the space is turned so that every code holds as much of what varies (Ge, He, Ke, Sun, "Optimized
product quantization", CVPR 2013). How fine the codes are, and how many items are compared exactly, is
measured on the items themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ShapeError
from pins_plugin.utils.optional import import_extra

Embeddings = NDArray[np.float32]
ROWS_AT_ONCE = 65_536  # rows that are compared or coded at once
FEWEST = 1000  # rows to train on
TRAINING_ROWS = 20_000
TURNS = 12  # steps of the optimization
CODE_DIMS = (8, 4, 2, 1)  # dimensions that share four bits, the shortest codes first
MOST_CANDIDATES = {8: 3000, 4: 20_000, 2: 20_000, 1: 20_000}  # more take longer than finer codes do
PROBES = 500  # queries by which the recall is measured
NEIGHBORS = 10  # of each
MARGIN = 0.005  # of the recall, beyond what was asked for: what is measured has an error


@dataclass(frozen=True, eq=False)
class VectorIndex:
    """An index over the first rows of a matrix, which it does not hold itself.

    Parameters
    ----------
    turn : (embedding_dim, embedding_dim) float32 array
        Applied before coding.
    centroids : (num_codes, 16, code_dims) float32 array
    codes : (num_rows, num_codes / 2) uint8 array
        Two codes in each byte.
    candidates : int
        Rows that are compared exactly, for each query.
    scanner : faiss.IndexPQFastScan
        Of these codes.
    """

    turn: Embeddings
    centroids: Embeddings
    codes: NDArray[np.uint8]
    candidates: int
    scanner: Any

    @property
    def num_rows(self) -> int:
        """Rows that are indexed."""
        return len(self.codes)

    @classmethod
    def build(
        cls,
        embeddings: Embeddings,
        *,
        recall: float = 0.95,
        queries: Embeddings | None = None,
        seed: int = 0,
    ) -> Self:
        """Train and fill the quickest index that finds this share of the ten nearest rows.

        Parameters
        ----------
        embeddings : (num_rows, embedding_dim) float32 array
            Of unit length.
        recall : float
            Of exact search, at 10.
        queries : (num_queries, embedding_dim) float32 array, optional
            Such as will be asked, of unit length; rows of `embeddings`, each asked for the others, when not given.
        seed : int
            Of the rows that are trained and measured on.

        Raises
        ------
        ShapeError
            When there are too few rows to train on, or `recall` is no share.
        MissingExtraError
            When FAISS is not installed.
        """
        num_rows, dim = embeddings.shape
        if num_rows < FEWEST:
            raise ShapeError(
                f"index: expected {FEWEST} rows or more, got {num_rows}; search without an index"
            )
        if not 0 < recall < 1:
            raise ShapeError(f"recall: expected a share below 1, got {recall}")
        generator = np.random.default_rng(seed)
        own = queries is None
        pool = embeddings if queries is None else queries
        probes = pool[np.sort(generator.permutation(len(pool))[:PROBES])]
        nearest = _neighbors(probes, embeddings, own)
        for code_dims in (dims for dims in CODE_DIMS if dim % dims == 0):
            index = cls.train(embeddings, code_dims, seed=seed)
            most = min(MOST_CANDIDATES[code_dims], num_rows)
            found = index.scanner.search(probes @ index.turn.T, most)[1]
            ranks = np.array(
                [_ranks(wanted, row) for wanted, row in zip(nearest, found, strict=True)]
            )
            needed = float(np.quantile(ranks, min(1.0, recall + MARGIN), method="higher"))
            if needed < most:
                break
        return replace(index, candidates=int(min(needed, most - 1)) + 1)

    @classmethod
    def train(cls, embeddings: Embeddings, code_dims: int, seed: int = 0) -> Self:
        """Train and fill an index with codes of this fineness; it compares all rows until told how few will do."""
        faiss = import_extra("faiss", "gallery")
        num_rows, dim = embeddings.shape
        chosen = np.random.default_rng(seed).permutation(num_rows)[:TRAINING_ROWS]
        examples = np.ascontiguousarray(embeddings[np.sort(chosen)])
        optimized = faiss.OPQMatrix(dim, dim // code_dims)
        optimized.pq = draft = faiss.ProductQuantizer(dim, dim // code_dims, 4)
        optimized.niter, optimized.niter_pq, optimized.niter_pq_0 = TURNS, 3, 10
        optimized.train(examples)
        optimized.pq = None  # `draft` is not its to keep
        del draft
        turn = faiss.vector_to_array(optimized.A).reshape(dim, dim)
        quantizer = faiss.ProductQuantizer(dim, dim // code_dims, 4)
        quantizer.train(examples @ turn.T)
        centroids = faiss.vector_to_array(quantizer.centroids).reshape(-1, 16, code_dims)
        blocks = [
            embeddings[start : start + ROWS_AT_ONCE] for start in range(0, num_rows, ROWS_AT_ONCE)
        ]
        codes = np.concatenate([quantizer.compute_codes(block @ turn.T) for block in blocks])
        return cls(turn, centroids, codes, num_rows, _scanner(centroids, codes))

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
            In no order; 0 where fewer were found.
        similarities : (num_queries, k) float32 array
            Exact; -2 where fewer were found.
        """
        faiss = import_extra("faiss", "gallery")
        queries = np.ascontiguousarray(queries)
        count = max(k, min(self.candidates, self.num_rows))
        rows = self.scanner.search(queries @ self.turn.T, count)[1]
        similarities = np.empty(rows.shape, np.float32)
        pointers = map(faiss.swig_ptr, (similarities, queries, embeddings, rows))
        faiss.fvec_inner_products_by_idx(*pointers, queries.shape[1], *rows.shape)  # exact
        missing = rows < 0
        rows[missing], similarities[missing] = 0, -2
        best = np.argpartition(-similarities, k - 1, axis=1)[:, :k]
        return np.take_along_axis(rows, best, axis=1), np.take_along_axis(similarities, best, 1)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give what `from_arrays` takes."""
        candidates = np.array([self.candidates], np.int64)
        return {
            "turn": self.turn,
            "centroids": self.centroids,
            "codes": self.codes,
            "candidates": candidates,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], dim: int) -> Self:
        """Make the index again over embeddings of `dim` dimensions.

        Raises
        ------
        ValueError
            When shapes or types do not fit, so that nothing is ever read beyond an array.
        """
        turn, centroids, codes, candidates = (
            arrays[name] for name in ("turn", "centroids", "codes", "candidates")
        )
        num_codes, levels, code_dims = centroids.shape
        shapes = turn.shape == (dim, dim) and (levels, num_codes * code_dims) == (16, dim)
        packed = codes.ndim == 2 and codes.shape[1] == (num_codes + 1) // 2
        kinds = [each.dtype for each in (turn, centroids, codes, candidates)]
        if not (shapes and packed and kinds == [np.float32, np.float32, np.uint8, np.int64]):
            raise ValueError("index of another gallery")
        if not (np.isfinite(turn).all() and np.isfinite(centroids).all() and candidates[0] > 0):
            raise ValueError("index that is not finite")
        return cls(turn, centroids, codes, int(candidates[0]), _scanner(centroids, codes))


def _scanner(centroids: Embeddings, codes: NDArray[np.uint8]) -> Any:
    """Arrange codes for scanning: faiss.IndexPQFastScan."""
    faiss = import_extra("faiss", "gallery")
    num_codes, _, code_dims = centroids.shape
    plain = faiss.IndexPQ(num_codes * code_dims, num_codes, 4, faiss.METRIC_INNER_PRODUCT)
    faiss.copy_array_to_vector(centroids.ravel(), plain.pq.centroids)
    faiss.copy_array_to_vector(codes.ravel(), plain.codes)
    plain.is_trained, plain.ntotal = True, len(codes)
    return faiss.IndexPQFastScan(plain)


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
            best, rows = (
                np.take_along_axis(best, kept, axis=1),
                np.take_along_axis(rows, kept, axis=1),
            )
    return rows, best


def _neighbors(queries: Embeddings, embeddings: Embeddings, own: bool) -> NDArray[np.int64]:
    """Rows of the ten most alike, in no order; `own` queries are rows themselves, and are left out."""
    rows, similarities = compare_all(queries, embeddings, NEIGHBORS + own)
    order = np.argsort(-similarities, axis=1)[:, int(own) :]
    return np.take_along_axis(rows, order, axis=1)


def _ranks(wanted: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each wanted row stands among those found; their number where it does not."""
    order = np.argsort(found)
    place = np.clip(np.searchsorted(found, wanted, sorter=order), 0, len(found) - 1)
    return np.where(found[order[place]] == wanted, order[place], len(found))
