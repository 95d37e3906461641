"""1-of-N matching: which of N faces has this voice, and which of N voices has this face?"""

import numpy as np
from numpy.typing import NDArray

from pins_plugin.evaluation.items import Bootstrap, FaceVoiceItems, Report
from pins_plugin.evaluation.scores import Scores
from pins_plugin.evaluation.trials import MatchingTrials, draw_matching
from pins_plugin.metrics.matching import n_way_credit

WAYS = range(2, 11)
DIRECTIONS = ("face_to_voice", "voice_to_face")


def match(items: FaceVoiceItems, num_trials: int, seed: int, bootstrap: Bootstrap) -> Report:
    """Measure how often the right one of 2 ... 10 candidates is the most alike.

    The wrong candidates are other people, all different; a trial with N candidates contains the one with
    N - 1. More candidates than there are people are left out.

    Returns
    -------
    report : dict
        By the number of candidates as text: {"accuracy", "ci95", "chance", "oracle"} over both directions,
        and the same under "face_to_voice" and "voice_to_face".
    """
    num_identities = len(items.names)
    ways = [n for n in WAYS if n <= num_identities]
    credit, oracle, people = {}, {}, {}
    for direction in DIRECTIONS:
        queries, candidates = _roles(direction, items.faces, items.voices)
        generator = np.random.default_rng(seed)
        trials = draw_matching(queries, candidates, max(ways), num_trials, generator)
        people[direction] = queries[trials.queries]
        credit[direction] = _credit(items.scores, trials, direction)
        oracle[direction] = _credit(items.oracle, trials, direction)

    def cell(column: int, directions: tuple[str, ...]) -> Report:
        values = np.concatenate([credit[d][:, column] for d in directions])
        labels = np.concatenate([people[d] for d in directions])
        best = np.concatenate([oracle[d][:, column] for d in directions])
        return {
            **bootstrap.mean(values, labels, num_identities, "accuracy"),
            "chance": 1 / ways[column],
            "oracle": float(best.mean()) if items.oracle else None,
        }

    return {
        str(n): cell(column, DIRECTIONS) | {d: cell(column, (d,)) for d in DIRECTIONS}
        for column, n in enumerate(ways)
    }


def _credit(scores: Scores | None, trials: MatchingTrials, direction: str) -> NDArray[np.float64]:
    if scores is None:
        return np.zeros((0, trials.candidates.shape[1] - 1))
    faces, voices = _roles(direction, trials.queries[:, None], trials.candidates)
    return n_way_credit(scores.pairs(faces, voices))


def _roles(direction: str, first: NDArray, second: NDArray) -> tuple[NDArray, NDArray]:
    """Swap (face, voice) and (query, candidate), which is the same move both ways."""
    return (first, second) if direction == "face_to_voice" else (second, first)
