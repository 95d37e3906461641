"""What every protocol is handed: scored faces and voices, whose they are, and how to resample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.errors import ManifestError, PinsError, ShapeError
from pins_plugin.evaluation.scores import EmbeddingScores, MatrixScores, Scores
from pins_plugin.metrics.bootstrap import mean_interval

Labels = NDArray[np.int64]
Report = dict[str, Any]


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are drawn."""

    seed: int = 0
    num_replicates: int = 1000

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise PinsError(f"seed: expected 0 or more, got {self.seed}")

    def options(self) -> dict[str, Any]:
        """Keyword arguments of the functions in `metrics.bootstrap`."""
        generator = np.random.default_rng(self.seed + 1)  # trials are drawn from `seed` itself
        return {"generator": generator, "num_replicates": self.num_replicates}

    def mean(
        self, values: NDArray, labels: Labels, num_identities: int, name: str = "value"
    ) -> Report:
        """Report a mean over trials, {name: ..., "ci95": [low, high]}; `labels` are the trials' people."""
        interval = mean_interval(values, labels, num_identities, **self.options())
        return {name: float(np.mean(values)), "ci95": interval.tolist()}


@dataclass(frozen=True, eq=False)
class FaceVoiceItems:
    """Faces and voices of people.

    Parameters
    ----------
    scores : Scores
        Of the model.
    oracle : Scores or None
        The best possible, where the truth is known.
    names : list of str
        The people with both a face and a voice; labels index this list.
    faces, voices : (num_items,) int64 array
        Class index of each item's person, -1 for people without the other modality.
    clips, videos : pair of (num_items,) int64 arrays, or None
        Class index of the track, and of the recording, of each face and of each voice.
    """

    scores: Scores
    oracle: Scores | None
    names: list[str]
    faces: Labels
    voices: Labels
    clips: tuple[Labels, Labels] | None = None
    videos: tuple[Labels, Labels] | None = None

    @classmethod
    def from_embeddings(
        cls,
        face_embeddings: ArrayLike,
        voice_embeddings: ArrayLike,
        face_identities: Sequence[str],
        voice_identities: Sequence[str],
        *,
        face_clips: Sequence[str] | None = None,
        voice_clips: Sequence[str] | None = None,
        face_videos: Sequence[str] | None = None,
        voice_videos: Sequence[str] | None = None,
        oracle: ArrayLike | MatrixScores | None = None,
    ) -> "FaceVoiceItems":
        """Check and number everything.

        Parameters
        ----------
        face_embeddings : (num_faces, embedding_dim) array
        voice_embeddings : (num_voices, embedding_dim) array
        face_identities, voice_identities : (num_items,) sequence of str
            Who each item is.
        face_clips, voice_clips : (num_items,) sequence of str, optional
            The track of each item; with it, pairs of one track are scored apart.
        face_videos, voice_videos : (num_items,) sequence of str, optional
            The recording of each item; with it, pairs from two videos are scored apart.
        oracle : (num_faces, num_voices) array or MatrixScores, optional
            The best possible scores, from the true parameters.

        Raises
        ------
        ShapeError
            When lengths disagree.
        ManifestError
            When fewer than two people have both a face and a voice.
        """
        scores = EmbeddingScores.from_embeddings(face_embeddings, voice_embeddings)
        shape = (len(scores.face_embeddings), len(scores.voice_embeddings))
        columns = {
            "identities": (face_identities, voice_identities),
            "clips": (face_clips, voice_clips),
            "videos": (face_videos, voice_videos),
        }
        for name, pair in columns.items():
            given = tuple(None if column is None else len(column) for column in pair)
            if given not in (shape, (None, None)):
                raise ShapeError(
                    f"face_{name}, voice_{name}: expected {shape}, one for each embedding, got {given}"
                )
        if oracle is not None and not isinstance(oracle, MatrixScores):
            oracle = MatrixScores.from_matrix(oracle)
        if oracle is not None and (len(oracle.rows), len(oracle.columns)) != shape:
            known = (len(oracle.rows), len(oracle.columns))
            raise ShapeError(f"oracle: expected (num_faces, num_voices) {shape}, got {known}")
        names, faces, voices = _shared_labels(face_identities, voice_identities)
        return cls(
            scores,
            oracle,
            names,
            faces,
            voices,
            _shared_codes(face_clips, voice_clips),
            _shared_codes(face_videos, voice_videos),
        )

    def groups(self, values: Mapping[str, Any]) -> Labels:
        """Number the stratum of each person from a mapping of identity to value; -1 where not known."""
        known = sorted({str(values[n]) for n in self.names if values.get(n) not in (None, "")})
        index = {value: number for number, value in enumerate(known)}
        return np.array([index.get(str(values.get(n)), -1) for n in self.names], dtype=np.int64)


def _shared_labels(
    face_identities: Sequence[str], voice_identities: Sequence[str]
) -> tuple[list[str], Labels, Labels]:
    """Number the people who have both a face and a voice, two or more; -1 for everyone else."""
    faces, voices = np.asarray(face_identities, dtype=str), np.asarray(voice_identities, dtype=str)
    names = np.intersect1d(faces, voices)
    names = names[names != ""]
    if len(names) < 2:
        raise ManifestError(
            f"identities: expected two or more people with a face and a voice, got {len(names)}"
        )

    def labels(identities: NDArray) -> Labels:
        at = np.minimum(np.searchsorted(names, identities), len(names) - 1)
        return np.where(names[at] == identities, at, -1).astype(np.int64)

    return names.tolist(), labels(faces), labels(voices)


def _shared_codes(
    faces: Sequence[str] | None, voices: Sequence[str] | None
) -> tuple[Labels, Labels] | None:
    if faces is None or voices is None:
        return None
    both = np.concatenate([np.asarray(faces, dtype=str), np.asarray(voices, dtype=str)])
    codes = np.unique(both, return_inverse=True)[1].astype(np.int64)
    return codes[: len(faces)], codes[len(faces) :]
