"""Recognition within a modality: trials by hand, scores against sklearn's curve, a probe that finds what tells."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve as outside_roc_curve

from pins_plugin.errors import ManifestError, ShapeError
from pins_plugin.evaluation.recognition import (
    evaluate_recognition,
    fit_probe,
    recognition_trials,
)
from pins_plugin.utils.vectors import unit


def make_people(num_people: int = 30, per_person: int = 4, noise: float = 1.0, seed: int = 0):
    """Embeddings in which the first 5 of 20 dimensions tell people apart, and the others are loud."""
    generator = np.random.default_rng(seed)
    identities = [f"p{person:02d}" for person in range(num_people) for _ in range(per_person)]
    centers = generator.normal(size=(num_people, 5)).repeat(per_person, axis=0)
    nuisance = generator.normal(size=(len(identities), 20)) * noise
    nuisance[:, :5] *= 0.3
    nuisance[:, :5] += centers
    return nuisance, identities


def test_trials_leave_one_recording_out() -> None:
    first, second = recognition_trials(["a", "a", "a", "b"], ["x", "x", "y", "z"])
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [
        (0, 2), (0, 3), (1, 2), (1, 3), (2, 3),
    ]  # fmt: skip


def test_scores_agree_with_another_library() -> None:
    embeddings, identities = make_people()
    trials = recognition_trials(identities, [str(row) for row in range(len(identities))])
    found = evaluate_recognition(embeddings, identities, *trials, num_replicates=50)
    units = unit(embeddings)
    scores = (units @ units.T)[trials]
    same = np.array([identities[a] == identities[b] for a, b in zip(*trials, strict=True)])
    false_alarm, hit, _ = outside_roc_curve(same, scores, drop_intermediate=False)
    crossing = np.argmin(np.abs(false_alarm - (1 - hit)))
    assert found["eer"] == pytest.approx(false_alarm[crossing], abs=0.01)
    cost = 0.05 * (1 - hit) + 0.95 * false_alarm
    assert found["min_dcf"] == pytest.approx(cost.min() / 0.05)
    low, high = found["eer_interval"]
    assert low < found["eer"] < high


def test_perfect_embeddings_make_no_errors() -> None:
    identities = ["a", "a", "b", "b"]
    embeddings = np.repeat(np.eye(2), 2, axis=0)
    found = evaluate_recognition(
        embeddings, identities, *recognition_trials(identities, list("1234")), num_replicates=0
    )
    assert (found["eer"], found["min_dcf"]) == (0.0, 0.0)


def test_probe_helps_people_it_was_not_fitted_on() -> None:
    probe = fit_probe(*make_people(seed=1))
    embeddings, identities = make_people(seed=2)
    trials = recognition_trials(identities, [str(row) for row in range(len(identities))])
    plain = evaluate_recognition(embeddings, identities, *trials, num_replicates=0)
    probed = evaluate_recognition(
        probe.transform(embeddings), identities, *trials, num_replicates=0
    )
    assert probed["eer"] < 0.6 * plain["eer"]


def test_mistakes_are_explained() -> None:
    with pytest.raises(ManifestError, match="expected pairs of one person and of two"):
        evaluate_recognition(np.eye(2), ["a", "b"], *recognition_trials(["a", "b"], ["x", "y"]))
    with pytest.raises(ShapeError, match="two or more people with several items"):
        fit_probe(np.eye(3), ["a", "b", "c"])
