"""Faces against voices: verification, 1-of-N matching and retrieval (Nagrani et al. 2018, section 5).

Each number comes with a 95 % bootstrap interval over identities, the chance level and, where the truth is
known, the oracle: what the best possible decision reaches on the very same trials.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.groups import score_groups
from pins_plugin.evaluation.items import Bootstrap, FaceVoiceItems, Labels, Report
from pins_plugin.evaluation.matching import match
from pins_plugin.evaluation.retrieval import retrieve
from pins_plugin.evaluation.scores import Scores
from pins_plugin.evaluation.verification import draw_verification, thin_roc_curve, verify


def evaluate_cross_modal(
    face_embeddings: ArrayLike,
    voice_embeddings: ArrayLike,
    face_identities: Sequence[str],
    voice_identities: Sequence[str],
    *,
    strata: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    num_pairs: int = 20_000,
    num_trials: int = 10_000,
    num_replicates: int = 1000,
    **known: Any,
) -> Report:
    """Score one set of people by all three protocols.

    Parameters
    ----------
    face_embeddings, voice_embeddings, face_identities, voice_identities
        See `FaceVoiceItems.from_embeddings`.
    strata : mapping of name to (mapping of identity to value), optional
        Negatives that share the value (gender, ...); see `evaluation.strata`.
    seed : int
        Of the trials and of the bootstrap.
    num_pairs, num_trials, num_replicates : int
        Verification pairs, matching trials per direction, bootstrap replicates.
    **known
        Clips, videos and oracle, as far as they are known; see `FaceVoiceItems.from_embeddings`.

    Returns
    -------
    report : dict
        "verification", "matching" ("2" ... "10"), "retrieval", "same_track", "other_video", "strata" (each
        None where no such pair exists), "groups" (voices of one gender, ... at a time), "roc_curve" and counts; plain numbers, ready for JSON.

    Raises
    ------
    ShapeError
        When lengths disagree.
    ManifestError
        When fewer than two people have both a face and a voice.
    """
    items = FaceVoiceItems.from_embeddings(
        face_embeddings,
        voice_embeddings,
        face_identities,
        voice_identities,
        **known,
    )
    bootstrap = Bootstrap(seed, num_replicates)

    def apart(groups: Labels | None = None, relation: str = "any") -> Report | None:
        try:
            drawn = draw_verification(items, num_pairs, seed, groups=groups, relation=relation)
        except ManifestError:  # no such pair
            return None
        return verify(items, drawn, bootstrap)

    trials = draw_verification(items, num_pairs, seed)

    def curve(scores: Scores) -> dict[str, list[float]]:
        return thin_roc_curve(scores.pairs(trials.candidates, trials.queries), trials.same)

    return {
        "verification": verify(items, trials, bootstrap),
        "matching": match(items, num_trials, seed, bootstrap),
        "retrieval": retrieve(items, bootstrap),
        "same_track": apart(relation="same_track") if items.clips else None,
        "other_video": apart(relation="other_video") if items.videos else None,
        "strata": {
            name: apart(groups=items.groups(values)) for name, values in (strata or {}).items()
        },
        "groups": {
            name: score_groups(items, trials, values, bootstrap)
            for name, values in (strata or {}).items()
            if len(name) == 1  # not of several attributes at once
        },
        "roc_curve": {
            "model": curve(items.scores),
            "oracle": curve(items.oracle) if items.oracle else None,
        },
        "num_identities": len(items.names),
        "num_faces": len(items.faces),
        "num_voices": len(items.voices),
        "seed": seed,
    }
