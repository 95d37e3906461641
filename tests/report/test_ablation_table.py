"""Table and curve of an ablation."""

from pathlib import Path

import pytest
from PIL import Image

from pins_plugin.report.ablation import (
    ablation_curve,
    ablation_result,
    ablation_rows,
    plot_ablation,
)


def epochs(*scores: float) -> list[dict[str, float]]:
    return [
        {"epoch": number, "seconds": 2.0 * number, "loss": 1.0, "roc_auc": score}
        for number, score in enumerate(scores, start=1)
    ]


HISTORIES = {
    "a: worse": {0: epochs(0.5, 0.6), 1: epochs(0.5, 0.7, 0.6)},
    "b: better": {0: epochs(0.7, 0.9), 1: epochs(0.8, 0.8)},
}


def test_rows_put_the_best_first_with_intervals_of_few_runs() -> None:
    best, worst = ablation_rows(HISTORIES, oracle=0.9)
    # 12.706 (Student's t, one degree of freedom) x 0.0707 / sqrt 2 = 0.635
    assert best == ["b: better", "0.850", "0.215 - 1.485", "88 %", "-", "-", "-", "2"]
    assert worst[:4] == ["a: worse", "0.600", "0.600 - 0.600", "25 %"]


def test_variants_are_compared_with_random_negatives_seed_by_seed() -> None:
    runs = {"a: hard": {0: epochs(0.75), 2: epochs(0.9)}, "a: random": {2: epochs(0.7)}}
    assert [row[4] for row in ablation_rows(runs, oracle=None)] == ["+0.200 (-)", "-"]
    runs["a: random"][0] = epochs(0.5)
    # 12.706 x 0.0354 / sqrt 2 = 0.318
    assert ablation_rows(runs, oracle=None)[0][4] == "+0.225 (-0.093 - 0.543)"


def test_costly_negatives_are_told_where_they_are_known() -> None:
    runs = [epochs(0.5, 0.6), epochs(0.5, 0.6)]
    runs[0][0]["costly_share"], runs[0][1]["costly_share"] = 0.25, 0.5
    [row] = ablation_rows({"a": dict(enumerate(runs))}, oracle=None)
    assert row[5:7] == ["50 %", "25 %"]


def test_one_run_has_no_interval() -> None:
    [row] = ablation_rows({"a": {0: epochs(0.6)}}, oracle=None)
    assert row == ["a", "0.600", "-", "-", "-", "-", "-", "1"]


def test_result_stands_between_oracle_and_chance() -> None:
    result = ablation_result(HISTORIES, oracle=0.9, title="T", about="A", command="C")
    assert result["rows"][0][:2] == ["oracle", "0.900"]
    assert result["rows"][-1][:2] == ["chance", "0.500"]
    assert all(len(row) == len(result["headers"]) for row in result["rows"])


def test_curve_lists_every_epoch() -> None:
    lines = ablation_curve({"a, b": {0: epochs(0.5, 0.6)}}).splitlines()
    assert lines[2] == '"a, b",0,2,4.0,1.0,0.6'


@pytest.mark.parametrize("oracle", [0.95, None])
def test_picture_has_a_panel_for_each_group(tmp_path: Path, oracle: float | None) -> None:
    plot_ablation(HISTORIES, tmp_path / "curve.png", oracle=oracle)
    wide = Image.open(tmp_path / "curve.png").width
    plot_ablation({"a: worse": HISTORIES["a: worse"]}, tmp_path / "one.png", oracle=oracle)
    assert wide == pytest.approx(2 * Image.open(tmp_path / "one.png").width, rel=0.1)
