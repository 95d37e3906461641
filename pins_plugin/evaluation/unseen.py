"""Score the clips of a manifest, people known from training apart from people never seen or heard."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.cross_modal import evaluate_cross_modal
from pins_plugin.evaluation.items import Report
from pins_plugin.evaluation.scores import MatrixScores
from pins_plugin.evaluation.strata import strata_of
from pins_plugin.types import TalkingFaceClip

Oracle = Callable[[Sequence[str], Sequence[str]], NDArray[np.float64]]


def evaluate_clips(
    face_embeddings: NDArray,
    voice_embeddings: NDArray,
    face_clips: Sequence[TalkingFaceClip],
    voice_clips: Sequence[TalkingFaceClip],
    *,
    trained_identities: Sequence[str] = (),
    oracle: Oracle | None = None,
    **options: Any,
) -> dict[str, Report]:
    """Score faces and voices of clips, seen-heard and unseen-unheard people apart.

    Parameters
    ----------
    face_embeddings : (num_faces, embedding_dim) array
    voice_embeddings : (num_voices, embedding_dim) array
    face_clips, voice_clips : (num_items,) sequence of TalkingFaceClip
        The clip of each row, with its identity; rows without one are left out.
    trained_identities : sequence of str
        The people that the model was trained on.
    oracle : callable, optional
        Maps identities of faces and of voices to the best possible scores (num_faces, num_voices).
    **options
        Of `evaluate_cross_modal`: seed, num_pairs, num_trials, num_replicates.

    Returns
    -------
    report : dict
        "unseen" and "seen", as far as there are such people (two or more), each as
        `evaluate_cross_modal` returns it.

    Raises
    ------
    ManifestError
        When neither group has two people with a face and a voice.
    """
    trained = set(trained_identities)
    report = {}
    for name, seen in (("unseen", False), ("seen", True)):
        face_rows = _rows_of(face_clips, trained, seen)
        voice_rows = _rows_of(voice_clips, trained, seen)
        faces, voices = (
            [face_clips[row] for row in face_rows],
            [voice_clips[row] for row in voice_rows],
        )
        of_faces, of_voices = ([clip.identity for clip in clips] for clips in (faces, voices))
        if len(set(of_faces) & set(of_voices)) < 2:
            continue
        report[name] = evaluate_cross_modal(
            face_embeddings[face_rows],
            voice_embeddings[voice_rows],
            of_faces,
            of_voices,
            face_clips=[clip.clip_id for clip in faces],
            voice_clips=[clip.clip_id for clip in voices],
            face_videos=[clip.video or clip.clip_id for clip in faces],
            voice_videos=[clip.video or clip.clip_id for clip in voices],
            strata=strata_of([*faces, *voices]),
            oracle=_oracle_of(of_faces, of_voices, oracle),
            **options,
        )
    if not report:
        named = {clip.identity for clip in (*face_clips, *voice_clips)} - {""}
        raise ManifestError(
            f"clips: expected two or more people with a face and a voice to score, got {len(named)} "
            "with an identity; fill the column 'identity'"
        )
    return report


def _rows_of(clips: Sequence[TalkingFaceClip], trained: set[str], seen: bool) -> list[int]:
    return [
        row
        for row, clip in enumerate(clips)
        if clip.identity and (clip.identity in trained) == seen
    ]


def _oracle_of(
    faces: Sequence[str], voices: Sequence[str], oracle: Oracle | None
) -> MatrixScores | None:
    if oracle is None:
        return None
    people, codes = np.unique(np.asarray([*faces, *voices]), return_inverse=True)
    matrix = oracle(people.tolist(), people.tolist())
    return MatrixScores(matrix, codes[: len(faces)], codes[len(faces) :])
