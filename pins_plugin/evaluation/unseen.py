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
    clips: Sequence[TalkingFaceClip],
    *,
    trained_identities: Sequence[str] = (),
    oracle: Oracle | None = None,
    **options: Any,
) -> dict[str, Report]:
    """Score clips, seen-heard and unseen-unheard people apart.

    Parameters
    ----------
    face_embeddings, voice_embeddings : (num_clips, embedding_dim) array
    clips : sequence of TalkingFaceClip
        With identities.
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
        When neither group has two people with a name.
    """
    trained = set(trained_identities)
    report = {}
    for name, seen in (("unseen", False), ("seen", True)):
        rows = [
            row
            for row, clip in enumerate(clips)
            if clip.identity and (clip.identity in trained) == seen
        ]
        chosen = [clips[row] for row in rows]
        identities = [clip.identity for clip in chosen]
        if len(set(identities)) < 2:
            continue
        clip_ids, videos = [clip.clip_id for clip in chosen], [clip.video for clip in chosen]
        report[name] = evaluate_cross_modal(
            face_embeddings[rows],
            voice_embeddings[rows],
            identities,
            identities,
            face_clips=clip_ids,
            voice_clips=clip_ids,
            face_videos=videos,
            voice_videos=videos,
            strata=strata_of(chosen),
            oracle=_oracle_of(identities, oracle),
            **options,
        )
    if not report:
        raise ManifestError(
            "clips: expected two or more people with an identity to score, "
            f"got {len({clip.identity for clip in clips} - {''})}; fill the column 'identity'"
        )
    return report


def _oracle_of(identities: Sequence[str], oracle: Oracle | None) -> MatrixScores | None:
    if oracle is None:
        return None
    people, codes = np.unique(np.asarray(identities), return_inverse=True)
    return MatrixScores(oracle(people.tolist(), people.tolist()), codes, codes)
