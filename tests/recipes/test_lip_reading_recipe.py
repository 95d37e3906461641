"""The recipes of lip reading: LRW's layout, and files of one name in many folders."""

import csv
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def run(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [Path(script).name, *map(str, arguments)])
    runpy.run_path(str(RECIPES / script), run_name="__main__")


def test_lrw_words_stand_in_the_middle_and_names_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for split in ("train", "val", "test"):
        path = tmp_path / "lrw" / "ABOUT" / split / "ABOUT_00001.txt"
        path.parent.mkdir(parents=True)
        path.write_text("Channel: BBC One\nDuration: 0.36 seconds\n")
    run(
        monkeypatch,
        "LipReading/prepare_lrw.py",
        tmp_path / "lrw",
        "--out",
        tmp_path / "words.csv",
    )
    rows = list(csv.DictReader((tmp_path / "words.csv").read_text().splitlines()))
    assert {row["split"]: row["clip"] for row in rows} == {
        "train": "ABOUT-train-ABOUT_00001",
        "valid": "ABOUT-val-ABOUT_00001",
        "test": "ABOUT-test-ABOUT_00001",
    }
    assert {(row["word"], row["start_s"], row["end_s"]) for row in rows} == {
        ("about", "0.400", "0.760")
    }


def test_folder_that_is_not_lrw_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=r"expected WORD/train/WORD_00001.txt"):
        run(monkeypatch, "LipReading/prepare_lrw.py", tmp_path, "--out", tmp_path / "words.csv")


def test_longest_stretch_of_lips_bridges_short_gaps() -> None:
    prepare = runpy.run_path(str(RECIPES / "Sync" / "prepare.py"))
    times = np.arange(40) / 25
    seen = np.ones(40, bool)
    seen[[3, 4]] = False  # a gap of 0.12 s
    seen[15:25] = False  # one of 0.44 s
    assert prepare["longest_stretch"](times, seen).tolist() == [*range(25, 40)]
    seen[30:33] = False
    assert prepare["longest_stretch"](times, seen).tolist() == [0, 1, 2, *range(5, 15)]
