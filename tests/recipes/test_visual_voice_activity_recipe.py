"""The recipe of visual voice activity on simulated people: prepare, train, evaluate; it must learn."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.training.talking_clips import RESTS, TALKS, load_talking_clip

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def run(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: object) -> dict:
    path = RECIPES / "VisualVoiceActivity" / script
    monkeypatch.setattr(sys, "argv", [path.name, *map(str, arguments)])
    return runpy.run_path(str(path), run_name="__main__")


def test_simulated_people_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for split, people, seed in (("train", 4, 5), ("test", 2, 6)):
        run(
            monkeypatch,
            "prepare.py",
            "--simulate",
            people,
            "--seed",
            seed,
            "--out",
            tmp_path / split,
        )
    clips = [load_talking_clip(path) for path in sorted((tmp_path / "train").glob("*.npz"))]
    assert len(clips) == 8
    assert {int(label) for clip in clips[::2] for label in clip.talking} == {RESTS}  # listen
    assert all((clip.talking == TALKS).mean() > 0.5 for clip in clips[1::2])
    settings = Path(__file__).resolve().parents[2] / "hparams" / "visual_voice_activity.yaml"
    words = [
        "train", settings, "--clips", tmp_path / "train", "--output_folder", tmp_path / "out",
        "--num_folds", 0, "--num_epochs", 3, "--steps_per_epoch", 20, "--batch_size", 16,
    ]  # fmt: skip
    main(list(map(str, words)))
    table = tmp_path / "table.md"
    run(monkeypatch, "evaluate.py", tmp_path / "out" / "model", tmp_path / "test", "--out", table)
    row = next(line for line in table.read_text().splitlines() if "this model" in line)
    assert float(row.split("|")[2].split()[0]) > 0.85, table.read_text()
    capsys.readouterr()
    run(monkeypatch, "evaluate.py", "visual_voice_activity", tmp_path / "test", "--out", table)
    row = next(line for line in table.read_text().splitlines() if "this model" in line)
    assert float(row.split("|")[2].split()[0]) > 0.9, table.read_text()  # the weights that ship


def test_conditions_are_drawn_from_the_name_alone() -> None:
    prepare = runpy.run_path(str(RECIPES / "VisualVoiceActivity" / "prepare.py"))
    choose, plain = prepare["choose_kinds"], prepare["Degradation"]()
    assert choose("a", "no", plain) == {"plain": plain}
    assert choose("a", "too", plain) == choose("a", "too", plain)
    assert set(choose("a", "too", plain)) == {"plain", "degraded"}
    kinds = [set(choose(f"clip{index}", "instead", plain)) for index in range(100)]
    assert 25 < kinds.count({"degraded"}) < 55
    assert kinds.count({"plain"}) == 100 - kinds.count({"degraded"})
    assert np.ndim(choose("a", "too", plain)["degraded"].quality) == 0
