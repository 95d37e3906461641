"""A gallery of known faces and voices: add, search by either, save, load.

Faces and voices live in one space, so a voice can be looked up among faces as well as among voices.
"""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pins_plugin.errors import MediaError, ShapeError
from pins_plugin.inference.neighbors import compare_all
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.files import atomic_path

Embeddings = NDArray[np.float32]
MODALITIES = ("face", "voice")
STORED = [f"{modality}_{part}" for modality in MODALITIES for part in ("embeddings", "labels")]
QUERIES = 500  # that are answered at once; chosen, not measured


class Matches(NamedTuple):
    """What a search found, best first: labels, a list for each query, and cosines (num_queries, k) in [-1, 1]."""

    labels: list[list[str]]
    similarities: NDArray[np.float32]


class Shelf(NamedTuple):
    """All items of one modality; never changed, only replaced, so that readers need no lock."""

    labels: NDArray[np.str_]
    embeddings: Embeddings


class Gallery:
    """Labeled embeddings of faces and voices.

    Searches may run in many threads while another adds: each sees the gallery as it was when it began. A
    saved file is replaced in one step, so that other processes read either the old or the new one.

    Examples
    --------
    >>> gallery = Gallery(embedding_dim=2)
    >>> gallery.add(["ann", "bob"], [[1, 0], [0, 1]], modality="face")
    >>> gallery.search([[0.6, 0.8]], k=1, modality="face").labels
    [['bob']]
    """

    def __init__(self, embedding_dim: int) -> None:
        self.embedding_dim = embedding_dim
        empty = Shelf(np.empty(0, dtype=str), np.empty((0, embedding_dim), np.float32))
        self._shelves = dict.fromkeys(MODALITIES, empty)
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return sum(len(shelf.labels) for shelf in self._shelves.values())

    def labels(self, modality: str) -> list[str]:
        """Labels of all items of one modality, in the order they were added."""
        return [str(label) for label in self._shelf(modality).labels]

    def add(self, labels: Sequence[str], embeddings: ArrayLike, modality: str) -> None:
        """Add items of a modality, "face" or "voice"; many at once are much faster than one by one.

        Parameters
        ----------
        labels : (num_items,) sequence of str
            Whose they are; a label may have many items, of both modalities.
        embeddings : (num_items, embedding_dim) array

        Raises
        ------
        ShapeError
            When shapes differ, or an embedding is zero or not finite.
        """
        rows = self._unit_rows(embeddings)
        if len(labels) != len(rows):
            raise ShapeError(f"labels: expected {len(rows)}, one for each row, got {len(labels)}")
        with self._writing:
            shelf = self._shelf(modality)
            added = np.concatenate([shelf.labels, np.asarray(labels, dtype=str)])
            self._shelves[modality] = Shelf(added, np.concatenate([shelf.embeddings, rows]))

    def remove(self, label: str) -> int:
        """Take all items of a label out, and give their number."""
        with self._writing:
            before = len(self)
            for modality, shelf in self._shelves.items():
                keep = shelf.labels != label
                if not keep.all():
                    self._shelves[modality] = Shelf(shelf.labels[keep], shelf.embeddings[keep])
            return before - len(self)

    def search(self, embeddings: ArrayLike, k: int = 5, *, modality: str) -> Matches:
        """Find the k most alike items of one modality, whatever the modality of the queries; fewer where there are not so many.

        `embeddings` are (num_queries, embedding_dim), or one query (embedding_dim,).
        """
        queries = self._unit_rows(np.atleast_2d(np.asarray(embeddings, dtype=np.float32)))
        shelf = self._shelf(modality)  # one look: what happens meanwhile does not matter
        k = min(k, len(shelf.labels))
        if k < 1:
            return Matches([[] for _ in queries], np.zeros((len(queries), 0), np.float32))
        parts = [
            compare_all(queries[start : start + QUERIES], shelf.embeddings, k)
            for start in range(0, len(queries), QUERIES)
        ]
        labels = [row for rows, _ in parts for row in shelf.labels[rows].tolist()]
        return Matches(labels, np.concatenate([similarities for _, similarities in parts]))

    def save(self, path: str | Path) -> None:
        """Write everything as one safetensors file, in one step."""
        arrays: dict[str, NDArray] = {}
        for modality, shelf in dict(self._shelves).items():
            arrays[f"{modality}_embeddings"] = shelf.embeddings
            text = json.dumps(shelf.labels.tolist()).encode()
            arrays[f"{modality}_labels"] = np.frombuffer(text, np.uint8)
        with atomic_path(path) as temporary:
            save_file(arrays, temporary, metadata={"kind": "pins_plugin gallery", "version": "1"})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; MediaError when the file is missing, damaged or of another kind."""
        path = Path(path)
        if not path.is_file():
            raise MediaError(f"{path}: no such file; expected a gallery")
        try:
            with safe_open(path, framework="numpy") as file:
                if (file.metadata() or {}).get("kind") != "pins_plugin gallery":
                    raise MediaError(f"{path}: not a gallery; expected what Gallery.save wrote")
                arrays = {name: file.get_tensor(name) for name in STORED}
            gallery = cls(int(arrays["face_embeddings"].shape[1]))
            for modality in MODALITIES:
                labels = json.loads(arrays[f"{modality}_labels"].tobytes())
                gallery.add(labels, arrays[f"{modality}_embeddings"], modality)
        except (SafetensorError, LookupError, ValueError, OSError, RecursionError) as error:
            reason = one_line(error, 160)
            raise MediaError(f"{path}: damaged gallery ({reason}); save it again") from error
        return gallery

    def _shelf(self, modality: str) -> Shelf:
        if modality not in self._shelves:
            raise ShapeError(f"modality: expected 'face' or 'voice', got {modality!r}")
        return self._shelves[modality]

    def _unit_rows(self, embeddings: ArrayLike) -> Embeddings:
        rows = np.asarray(embeddings, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.embedding_dim:
            raise ShapeError(
                f"embeddings: expected (num_items, {self.embedding_dim}), got {rows.shape}"
            )
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if not (np.isfinite(norms) & (norms > 0)).all():
            raise ShapeError("embeddings: expected finite rows that are not zero")
        return np.asarray(rows / norms)
