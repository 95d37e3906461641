"""Scores of one group at a time: a model that serves one half only is found out."""

import numpy as np
import pytest

from pins_plugin.evaluation.cross_modal import evaluate_cross_modal
from pins_plugin.metrics.verification import roc_auc


@pytest.fixture(scope="module")
def report() -> dict:
    """Voices of the first ten people are like their faces, those of the others like nobody's."""
    generator = np.random.default_rng(0)
    faces = generator.normal(size=(20, 16))
    voices = np.where(np.arange(20)[:, None] < 10, faces, generator.normal(size=(20, 16)))
    names = [f"p{number:02d}" for number in range(20)]
    values = {name: "served" if number < 10 else "forgotten" for number, name in enumerate(names)}
    values |= {"p20": "absent"}
    few = {name: str(number // 4) for number, name in enumerate(names)}
    strata = {"G": values, "A": few, "GNA": values}
    return evaluate_cross_modal(
        faces, voices, names, names, strata=strata, num_pairs=4000, num_replicates=20
    )


def test_the_group_that_is_not_served_is_at_chance(report: dict) -> None:
    groups = report["groups"]["G"]
    assert list(groups) == ["forgotten", "served"]
    assert groups["served"]["roc_auc"] > 0.99
    assert groups["forgotten"]["roc_auc"] == pytest.approx(0.5, abs=0.2)
    assert {part["num_identities"] for part in groups.values()} == {10}
    low, high = groups["served"]["ci95"]
    assert low <= groups["served"]["roc_auc"] <= high


def test_groups_too_small_to_say_anything_are_left_out(report: dict) -> None:
    assert report["groups"]["A"] == {}
    assert "GNA" not in report["groups"]


def test_the_whole_is_one_group() -> None:
    """A group of everybody has the score of everybody."""
    generator = np.random.default_rng(1)
    faces = generator.normal(size=(12, 8))
    voices = faces + generator.normal(size=(12, 8))
    names = [f"p{number}" for number in range(12)]
    report = evaluate_cross_modal(
        faces, voices, names, names, strata={"G": dict.fromkeys(names, "x")}, num_pairs=2000,
        num_replicates=10,
    )  # fmt: skip
    assert report["groups"]["G"]["x"]["roc_auc"] == report["verification"]["roc_auc"]
    assert roc_auc([1, 0], [True, False]) == 1
