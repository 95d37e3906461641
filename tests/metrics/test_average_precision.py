"""Average precision against AVA-ActiveSpeaker's own steps, and by hand."""

import numpy as np
import pandas
import pytest

from pins_plugin.errors import ShapeError
from pins_plugin.metrics.average_precision import average_precision


def _as_ava_does(scores: np.ndarray, labels: np.ndarray) -> float:
    """The steps of get_ava_active_speaker_evaluation.py (activitynet/ActivityNet, MIT), one by one."""
    frame = pandas.DataFrame({"score": scores, "label": labels})
    frame = frame.sort_values(by=["score"], ascending=False, kind="stable").reset_index()
    frame["is_tp"] = np.where(frame["label"], 1, 0)
    frame["tp"] = frame["is_tp"].cumsum()
    precision = np.array(frame["tp"] / (frame.index + 1))
    recall = np.array(frame["tp"] / frame["label"].sum())
    recall = np.concatenate([[0], recall, [1]])
    precision = np.concatenate([[0], precision, [0]])
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = np.maximum(precision[i], precision[i + 1])
    indices = np.where(recall[1:] != recall[:-1])[0] + 1
    return float(np.sum((recall[indices] - recall[indices - 1]) * precision[indices]))


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_the_steps_of_ava(seed: int) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.random(400) < 0.3
    scores = (generator.normal(size=400) + labels).round(1)  # with ties
    assert average_precision(scores, labels) == pytest.approx(_as_ava_does(scores, labels), abs=1e-12)  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "wanted"), [([1, 1, 0, 0], 1.0), ([0, 0, 1, 1], 0.5), ([0, 1, 0, 1], 0.5)]
)
def test_by_hand(labels: list[int], wanted: float) -> None:
    assert average_precision([4, 3, 2, 1], labels) == pytest.approx(wanted)


def test_without_positives_it_is_nothing() -> None:
    assert np.isnan(average_precision([1.0, 2.0], [False, False]))


def test_shapes_must_agree() -> None:
    with pytest.raises(ShapeError):
        average_precision([1.0], [True, False])
    with pytest.raises(ShapeError, match="NaN"):
        average_precision([np.nan, 1.0], [True, False])
