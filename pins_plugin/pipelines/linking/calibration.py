"""Weights of the evidence, fitted where it is known who speaks, and tried on people left out.

Logistic regression with both classes weighing the same gives log-likelihood ratios (Brümmer, du Preez,
"Application-independent evaluation of speaker detection", Computer Speech and Language 2006).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from pins_plugin.errors import PinsError
from pins_plugin.pipelines.linking.evidence import EvidenceSource
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.types import FaceTrack

STRENGTH = 1.0  # of the regularization (C of scikit-learn)


class Example(NamedTuple):
    """What a source measured of one face, whose face it is, and whether that person is heard."""

    measures: list[float]
    person: str
    speaks: bool


def label_pieces(
    source: EvidenceSource,
    pieces: Sequence[Piece],
    tracks: Sequence[FaceTrack],
    truth: Mapping[str, Any],
) -> list[Example]:
    """Measure every face on screen in every piece, and say whether it truly speaks.

    Parameters
    ----------
    source : EvidenceSource
    pieces : sequence of Piece
        Of the true turns, labeled by person.
    tracks : sequence of FaceTrack
    truth : mapping
        Of the scene; see `evaluation.linking`.
    """
    examples = []
    by_name = {track.track: track for track in tracks}
    for piece in pieces:
        middle = (piece.start + piece.end) / 2
        for name in piece.tracks:
            measured = source.measure(name, piece.start, piece.end)
            person = find_person(by_name[name], middle, truth)
            if measured is not None and person is not None:
                examples.append(Example(measured.tolist(), person, piece.speaker == person))
    return examples


def find_person(track: FaceTrack, time: float, truth: Mapping[str, Any]) -> str | None:
    """Whose face a track shows at a time, or None."""
    box = track.boxes[int(np.abs(track.times - time).argmin())]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for panel in truth.get("panels", []):
        x1, y1, x2, y2 = panel["box"]
        if panel["start"] <= time < panel["end"] and x1 <= x <= x2 and y1 <= y <= y2:
            return str(panel["person"])
    for face in truth.get("faces", []):
        rows = np.asarray(face["boxes"], np.float64).reshape(-1, 5)
        row = rows[int(np.abs(rows[:, 0] - time).argmin())]
        near = rows[0, 0] <= time <= rows[-1, 0]
        if near and row[1] <= x <= row[3] and row[2] <= y <= row[4]:
            return str(face["person"])
    return None


def fit_weights(examples: Sequence[Example]) -> list[float]:
    """Fit bias and weights.

    Raises
    ------
    PinsError
        When nobody speaks, or everybody does.
    """
    measures, speaks, _ = _arrays(examples)
    if not 0 < speaks.sum() < len(speaks):
        raise PinsError(
            f"calibration: expected faces that speak and faces that do not, got {int(speaks.sum())} "
            f"of {len(speaks)} speaking; compose scenes with several people side by side or off screen"
        )
    model = LogisticRegression(C=STRENGTH, class_weight="balanced").fit(measures, speaks)
    return [round(float(weight), 4) for weight in (*model.intercept_, *model.coef_[0])]


def leave_people_out(examples: Sequence[Example], num_folds: int) -> NDArray[np.float64]:
    """Log-likelihood ratio (num_examples,) of each example by weights fitted without its person."""
    measures, speaks, people = _arrays(examples)
    ratios = np.zeros(len(examples))
    folds = GroupKFold(min(num_folds, len(set(people))))
    for rest, held_out in folds.split(measures, speaks, people):
        bias, *weights = fit_weights([examples[index] for index in rest])
        ratios[held_out] = bias + measures[held_out] @ weights
    return ratios


def ratio_cost(ratios: NDArray[np.float64], speaks: NDArray[np.bool_]) -> float:
    """Cost of log-likelihood ratios in bits, Cllr: 0 is perfect, 1 says nothing (Brümmer, du Preez 2006).

    Examples
    --------
    >>> ratio_cost(np.zeros(2), np.array([True, False]))
    1.0
    """
    misses = np.logaddexp(0, -ratios[speaks]).mean()
    alarms = np.logaddexp(0, ratios[~speaks]).mean()
    return float((misses + alarms) / 2 / np.log(2))


def _arrays(
    examples: Sequence[Example],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    measures = np.array([example.measures for example in examples], np.float64)
    speaks = np.array([example.speaks for example in examples], bool)
    return measures, speaks, [example.person for example in examples]
