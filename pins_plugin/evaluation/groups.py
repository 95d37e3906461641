"""How well a model serves each group of people: the same trials, voices of one group at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pins_plugin.evaluation.items import Bootstrap, FaceVoiceItems, Report
from pins_plugin.evaluation.trials import PairTrials
from pins_plugin.evaluation.verification import score_pairs

FEWEST_PEOPLE = 5  # a smaller group says nothing
MOST_REPLICATES = 200


def score_groups(
    items: FaceVoiceItems, trials: PairTrials, values: Mapping[str, Any], bootstrap: Bootstrap
) -> dict[str, Report]:
    """Score verification for the voices of each group, against faces of everybody.

    Parameters
    ----------
    trials : PairTrials
        Queries are voices.
    values : mapping of identity to value
        Such as "female"; see `evaluation.strata`.

    Returns
    -------
    groups : dict of value to report
        "roc_auc", "ci95", "eer", "num_identities"; groups of fewer than five people are left out.
    """
    of_person = np.array([str(values.get(name) or "") for name in items.names])
    of_pair = of_person[items.voices[trials.queries]]
    scores = items.scores.pairs(trials.candidates, trials.queries)
    few = Bootstrap(bootstrap.seed, min(bootstrap.num_replicates, MOST_REPLICATES))
    report: dict[str, Report] = {}
    for value in sorted(set(of_person[of_person != ""].tolist())):
        inside = of_pair == value
        people = items.voices[trials.queries[inside]]
        num_people = len(np.unique(people))
        if num_people < FEWEST_PEOPLE:
            continue
        faces = items.faces[trials.candidates[inside]]
        scored = score_pairs(scores[inside], trials.same[inside], faces, people, bootstrap=few)
        kept = {name: scored[name] for name in ("roc_auc", "ci95", "eer", "chance")}
        report[value] = {**kept, "num_identities": num_people}
    return report
