"""Tables line up, and hold the numbers they were given."""

import numpy as np
import pytest

from pins_plugin.evaluation.cross_modal import evaluate_cross_modal
from pins_plugin.report.tables import cross_modal_table, format_table, way_from_chance


def test_columns_line_up() -> None:
    lines = format_table(["name", "x"], [["a", "1"], ["longer", "100.5"]]).splitlines()
    assert lines == ["name        x", "------  -----", "a           1", "longer  100.5"]


def test_markdown_aligns_numbers_to_the_right() -> None:
    lines = format_table(["name", "x"], [["a", "1"]], markdown=True).splitlines()
    assert lines == ["| name |   x |", "| ---- | --: |", "| a    |   1 |"]


@pytest.mark.parametrize(
    ("score", "chance", "oracle", "way"),
    [(0.8, 0.5, 0.9, 0.75), (0.3, 0.5, 0.1, 0.5), (0.8, 0.5, None, None), (0.8, 0.5, 0.5, None)],
)
def test_way_from_chance(score, chance, oracle, way) -> None:
    assert way_from_chance(score, chance, oracle) == way


def test_cross_modal_table_has_a_row_for_every_score() -> None:
    people = np.random.default_rng(0).normal(size=(12, 8))
    names = [f"p{index:02d}" for index in range(12)]
    strata = {"G": dict.fromkeys(names, "f")}
    report = evaluate_cross_modal(
        people, people, names, names, strata=strata, num_pairs=100, num_trials=50, num_replicates=20
    )
    table = cross_modal_table(report)
    assert "verification AUC" in table and "same gender" in table and "1 of 10" in table
    assert table.count("mAP") == 2 and "1.000" in table
    assert cross_modal_table(report, markdown=True).startswith("| ")
