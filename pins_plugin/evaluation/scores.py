"""Similarities between many faces and many voices, computed where they are asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.errors import ShapeError

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class EmbeddingScores:
    """Cosine similarities of embeddings, without ever holding the whole matrix.

    Parameters
    ----------
    face_embeddings : (num_faces, embedding_dim) float array
    voice_embeddings : (num_voices, embedding_dim) float array
        Both of unit length.
    """

    face_embeddings: NDArray
    voice_embeddings: NDArray

    @classmethod
    def from_embeddings(
        cls, face_embeddings: ArrayLike, voice_embeddings: ArrayLike
    ) -> "EmbeddingScores":
        """Check the embeddings and bring them to unit length."""
        faces, voices = unit_rows(face_embeddings, "face"), unit_rows(voice_embeddings, "voice")
        if faces.shape[1] != voices.shape[1]:
            raise ShapeError(
                f"embeddings: expected one embedding_dim, got faces {faces.shape}, voices {voices.shape}"
            )
        return cls(faces, voices)

    def pairs(self, faces: Indices, voices: Indices) -> NDArray:
        """Score face faces[i] with voice voices[i]; the two index arrays broadcast."""
        return np.einsum(
            "...d,...d->...", self.face_embeddings[faces], self.voice_embeddings[voices]
        )

    def search(self, queries: Indices, forward: bool) -> NDArray:
        """Score some faces with every voice, or (not `forward`) some voices with every face: (num_queries, num_items)."""
        if forward:
            return np.asarray(self.face_embeddings[queries] @ self.voice_embeddings.T)
        return np.asarray(self.voice_embeddings[queries] @ self.face_embeddings.T)


@dataclass(frozen=True, eq=False)
class MatrixScores:
    """Scores that stand in a matrix, such as the oracle's, which knows people and not items.

    Parameters
    ----------
    matrix : (num_rows, num_columns) array
    rows : (num_faces,) int array
        Row of each face.
    columns : (num_voices,) int array
        Column of each voice.
    """

    matrix: NDArray
    rows: Indices
    columns: Indices

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> "MatrixScores":
        """Take one row for each face and one column for each voice."""
        array = np.asarray(matrix)
        if array.ndim != 2:
            raise ShapeError(
                f"scores: expected a matrix (num_faces, num_voices), got {array.shape}"
            )
        return cls(array, np.arange(array.shape[0]), np.arange(array.shape[1]))

    def pairs(self, faces: Indices, voices: Indices) -> NDArray:
        """Score face faces[i] with voice voices[i]; the two index arrays broadcast."""
        return np.asarray(self.matrix[self.rows[faces], self.columns[voices]])

    def search(self, queries: Indices, forward: bool) -> NDArray:
        """Score some faces with every voice, or (not `forward`) some voices with every face: (num_queries, num_items)."""
        if forward:
            return np.asarray(self.matrix[self.rows[queries][:, None], self.columns])
        return np.asarray(self.matrix[self.rows, self.columns[queries][:, None]])


Scores = EmbeddingScores | MatrixScores


def unit_rows(embeddings: ArrayLike, modality: str) -> NDArray[np.float32]:
    """Bring each row to unit length.

    Raises
    ------
    ShapeError
        When the array is not (num_items, embedding_dim), or a row is zero or not finite.
    """
    array = np.asarray(embeddings, dtype=np.float32)
    if array.ndim != 2 or 0 in array.shape:
        raise ShapeError(
            f"{modality} embeddings: expected (num_items, embedding_dim), got {array.shape}"
        )
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    bad = ~np.isfinite(norms[:, 0]) | (norms[:, 0] == 0)
    if bad.any():
        raise ShapeError(
            f"{modality} embeddings: expected finite rows that are not zero, "
            f"got {bad.sum()} bad ones of {len(array)} (first: row {np.argmax(bad)})"
        )
    return np.asarray(array / norms)
