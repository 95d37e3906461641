"""What the offset of a whole file is worth, learnt from files of known offset (`made_files`) of people whom the networks do not know.

A quarter of the weight is files with somebody else's sound, for which no offset is right.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.inference.made_files import MadeFile
from pins_plugin.inference.offset_posterior import (
    OffsetCalibration,
    OffsetEvidence,
    sum_evidence,
)
from pins_plugin.inference.synchronizer import TOLERANCE, Synchronizer
from pins_plugin.models.folder.model_folder import (
    HYPERPARAMS,
    format_hyperparams,
    read_hyperparams,
    resolve_source,
)
from pins_plugin.utils.files import write_text

MAX_OFFSET = 25  # frames looked at, as `pins sync` does
FOREIGN = 0.25  # of the weight, for files with sound of others; chosen, not measured
LEAST = np.arange(0.4, 0.96, 0.01)  # probabilities from which on an answer may be given
# Probabilities up to which the sound may be called foreign; all are tried
LARGEST_FOREIGN = np.arange(0.6, 0.0, -0.01)
WANTED = 0.97  # of the answers that are right: a goal, chosen
MISCALLED = 0.01  # of a person's own files that may be called "not this sound": a goal, chosen


@dataclass(frozen=True, eq=False)
class FileCase:
    """What was found in a made file."""

    person: str
    length: int
    own: bool
    right: bool
    evidence: OffsetEvidence


def look_at(
    files: Iterable[MadeFile], synchronizer: Synchronizer, calibration: OffsetCalibration
) -> list[FileCase]:
    """Sum the evidence of each file."""
    cases = []
    for file in files:
        features = [
            synchronizer.features(lips, times, file.waveform, max_offset=MAX_OFFSET, moving=True)
            for lips, times in file.faces
        ]
        found = sum_evidence([each.similarities for each in features], calibration)
        if found is not None:
            right = file.own and abs(found.offset - file.offset) <= TOLERANCE
            cases.append(FileCase(file.person, file.length, file.own, right, found))
    return cases


def fit_file_calibration(
    cases: Sequence[FileCase], calibration: OffsetCalibration
) -> OffsetCalibration:
    """Fit both probabilities on `cases` that `look_at` found with the same `calibration`, of people whom nothing else is chosen on."""
    features = np.array([case.evidence.features for case in cases])
    counts = Counter((case.person, case.own) for case in cases)
    weights = np.array(
        [(1 - FOREIGN if case.own else FOREIGN) / counts[case.person, case.own] for case in cases]
    )
    right, own = (
        tuple(fit_logistic(features, np.array(target), weights))
        for target in ([case.right for case in cases], [case.own for case in cases])
    )
    return replace(calibration, right=right, own=own)


def summarize(
    cases: Sequence[FileCase], calibration: OffsetCalibration
) -> dict[str, tuple[int, float, float, float]]:
    """Files, share answered, share right of those, share called "not this sound"; of own and of foreign sound.

    People count alike.
    """
    rows = {}
    for name, own in (("own", True), ("foreign", False)):
        mine = [case for case in cases if case.own == own]
        counts = Counter(case.person for case in mine)
        weights = np.array([1 / counts[case.person] for case in mine])
        judged = [calibration.judge(case.evidence) for case in mine]
        answered, called = (np.array([each[part] for each in judged], bool) for part in (1, 2))
        right = np.array([case.right for case in mine], bool)
        total, given = weights.sum(), weights @ answered
        correct = float(weights @ (answered & right) / max(given, 1e-9))
        rows[name] = (len(mine), float(given / total), correct, float(weights @ called / total))
    return rows


def choose_limits(
    cases: Sequence[FileCase], others: Sequence[FileCase], calibration: OffsetCalibration
) -> OffsetCalibration:
    """From when on to answer, and up to when to say that the sound is somebody else's.

    The least probability of an answer is the smallest from which on `WANTED` of the answers are right, of the people in `cases`
    (on whom nothing was learnt) and of everybody, `others` being those that `calibration` was fitted on; "not this sound" is
    said up to the largest at which `MISCALLED` of anybody's own files are called so.
    """
    everybody = [*cases, *others]
    for least in LEAST:
        calibration = replace(calibration, least=round(float(least), 2))
        if all(summarize(some, calibration)["own"][2] >= WANTED for some in (cases, everybody)):
            break
    for foreign in LARGEST_FOREIGN:
        calibration = replace(calibration, foreign=round(float(foreign), 2))
        if summarize(everybody, calibration)["own"][3] <= MISCALLED:
            break
    return calibration


def fit_logistic(
    evidence: NDArray[np.floating], labels: NDArray[np.bool_], weights: NDArray[np.floating]
) -> list[float]:
    """Fit a probability: bias and one weight for each column of `evidence` (num_cases, num_columns)."""
    from sklearn.linear_model import LogisticRegression  # only to learn it: a second to import

    model = LogisticRegression(C=100.0, max_iter=5000)
    model.fit(evidence, labels, sample_weight=weights * len(weights) / weights.sum())
    return [round(float(value), 4) for value in (*model.intercept_, *model.coef_[0])]


def write_calibration(source: str | Path, weights: Mapping[str, Any]) -> None:
    """Put the weights into a model folder's settings."""
    folder = resolve_source(source)
    found = read_hyperparams(folder)
    changed = found._replace(settings={**found.settings, **weights})
    write_text(folder / HYPERPARAMS, format_hyperparams(changed))
