"""Cross-modal verification: is this the face of this voice?"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.evaluation.items import Bootstrap, FaceVoiceItems, Labels, Report
from pins_plugin.evaluation.trials import PairTrials, draw_pairs
from pins_plugin.metrics.bootstrap import Floats, bootstrap_interval, pair_weights
from pins_plugin.metrics.verification import (
    area_under,
    eer,
    equal_error_of,
    least_cost_of,
    min_dcf,
    roc_auc,
    roc_curve,
)

MOST_AT_ONCE = 2_000_000  # weights of pairs that are held at once; bounds memory


def draw_verification(
    items: FaceVoiceItems,
    num_pairs: int,
    seed: int,
    *,
    groups: Labels | None = None,
    relation: str = "any",
) -> PairTrials:
    """Draw balanced pairs as the published lists have them: each voice with a face of its person and one of another.

    Parameters
    ----------
    groups : (num_identities,) int64 array, optional
        Negatives share the group.
    relation : {"any", "same_track", "other_video"}
        Where the positives' faces come from.

    Returns
    -------
    trials : PairTrials
        Queries are voices, candidates are faces.
    """
    recordings = {"same_track": items.clips, "other_video": items.videos}.get(relation)
    return draw_pairs(
        items.voices,
        items.faces,
        num_pairs,
        np.random.default_rng(seed),
        groups=groups,
        query_recordings=recordings and recordings[1],
        candidate_recordings=recordings and recordings[0],
        relation=relation.split("_")[0],
    )


def verify(items: FaceVoiceItems, trials: PairTrials, bootstrap: Bootstrap) -> Report:
    """Score drawn pairs; see `score_pairs`."""
    faces, voices = trials.candidates, trials.queries
    return score_pairs(
        items.scores.pairs(faces, voices),
        trials.same,
        items.faces[faces],
        items.voices[voices],
        oracle=items.oracle.pairs(faces, voices) if items.oracle else None,
        bootstrap=bootstrap,
    )


def score_pairs(
    scores: ArrayLike,
    same: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    oracle: ArrayLike | None = None,
    bootstrap: Bootstrap | None = None,
) -> Report:
    """Score verification pairs.

    Parameters
    ----------
    scores : (num_pairs,) array
    same : (num_pairs,) bool array
    first, second : (num_pairs,) int array
        Class indices of the people of each pair.
    oracle : (num_pairs,) array, optional
        The best possible scores of the same pairs.

    Returns
    -------
    report : dict
        "roc_auc", "ci95", "chance", "oracle", "eer", "eer_ci95", "oracle_eer", "min_dcf", counts.
    """
    people, codes = np.unique(np.stack([first, second]), return_inverse=True)
    options = (bootstrap or Bootstrap()).options()
    first, second = codes.reshape(2, -1)
    intervals = pair_intervals(scores, same, first, second, len(people), **options)
    return {
        "roc_auc": roc_auc(scores, same),
        "ci95": intervals[:, 0].tolist(),
        "chance": 0.5,
        "oracle": None if oracle is None else roc_auc(oracle, same),
        "eer": eer(scores, same),
        "eer_ci95": intervals[:, 1].tolist(),
        "oracle_eer": None if oracle is None else eer(oracle, same),
        "min_dcf": min_dcf(scores, same),
        "num_pairs": len(np.asarray(scores)),
        "num_identities": len(people),
    }


def pair_intervals(
    scores: ArrayLike,
    same: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    num_identities: int,
    **options: Any,
) -> Floats:
    """Bound ROC area, EER and minDCF of pairs by the bootstrap over people: (2, 3), low and high.

    Parameters are those of `score_pairs`, with class indices below `num_identities`; options are those of `bootstrap_interval`.
    """

    def measure(counts: Floats) -> Floats:
        curve = roc_curve(scores, same, pair_weights(counts, first, second))
        return np.stack([area_under(curve), equal_error_of(curve), least_cost_of(curve)], axis=-1)

    chunk = max(1, MOST_AT_ONCE // len(np.asarray(scores)))
    return bootstrap_interval(measure, num_identities, chunk=chunk, **options)


def thin_roc_curve(scores: NDArray, same: NDArray) -> dict[str, list[float]]:
    """Sample the ROC curve for a picture, at 200 points: {"false_alarm": [...], "hit": [...]}."""
    curve = roc_curve(scores, same)
    at = np.unique(np.linspace(0, len(curve.hit) - 1, 200).round().astype(int))
    return {
        "false_alarm": curve.false_alarm[at].round(5).tolist(),
        "hit": curve.hit[at].round(5).tolist(),
    }
