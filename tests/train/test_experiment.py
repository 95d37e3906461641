"""Experiments: extended, overridden, and every mistake named in one line."""

import sys
from pathlib import Path

import pytest

from pins_plugin.errors import ExperimentError
from pins_plugin.train.experiment import (
    experiments_folder,
    find_experiment,
    load_experiment,
    module_config,
    run_experiment,
)

BASE = """
run: !name:builtins.dict
size: 3
name: !PLACEHOLDER
layer: !new:torch.nn.Linear
    in_features: !ref <size>
    out_features: 2
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE)
    return tmp_path / "base.yaml"


def test_overrides_reach_references(base: Path) -> None:
    hparams = load_experiment(base, "size: 5\nname: x")
    assert hparams["layer"].in_features == 5
    assert module_config(hparams["resolved_yaml"], "layer") == (
        "torch.nn.Linear",
        {"in_features": 5, "out_features": 2},
    )


def test_extending_replaces_whole_entries(base: Path) -> None:
    child = base.with_name("child.yaml")
    child.write_text(
        "extends: base.yaml\nname: y\nlayer: !new:torch.nn.LayerNorm\n    normalized_shape: 4\n"
    )
    hparams = load_experiment(child)
    assert type(hparams["layer"]).__name__ == "LayerNorm"
    assert hparams["size"] == 3


def test_experiments_that_come_with_the_package_are_found_anywhere(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(base.parent)
    shipped = experiments_folder() / "sync.yaml"
    assert find_experiment("hparams/sync.yaml") == find_experiment("sync.yaml") == shipped
    assert find_experiment("base.yaml") == Path("base.yaml")
    for absent in ("elsewhere/sync.yaml", "hparams/absent.yaml"):
        with pytest.raises(ExperimentError, match=f"{absent}: no such file"):
            load_experiment(absent)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("", "--name"),
        ("name: x\nsiz: 4", "did you mean --size"),
        ("name: x\nsize: nonsense", "base.yaml"),
        ("name: x\nrun: 3", "run"),
        ("name: x\nlayer: !new:torch.nn.Absent {}", "Absent"),
    ],
)
def test_mistakes_are_named(base: Path, overrides: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message) as caught:
        load_experiment(base, overrides)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a", "a: [", "extends: absent.yaml\na: 1"])
def test_unusable_files_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ExperimentError):
        load_experiment(tmp_path / "x.yaml")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no such file"):
        run_experiment([str(tmp_path / "absent.yaml")])


def test_only_new_entries_have_a_config(base: Path) -> None:
    resolved = load_experiment(base, "name: x")["resolved_yaml"]
    with pytest.raises(ExperimentError, match="!new:"):
        module_config(resolved, "size")


def test_a_loss_of_ones_own_beside_an_experiment_that_extends_a_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any folder, nothing installed: the shipped file was not found, and no module outside of packages was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "loss_beside_yaml.py").write_text(
        "import torch\nclass OwnLoss(torch.nn.Module):\n    pass\n"
        "def run(hparams, run_opts):\n    hparams['ran'] = type(hparams['objective']).__name__\n"
    )
    (tmp_path / "own" / "own.yaml").write_text(
        "extends: hparams/demo.yaml\nrun: !name:loss_beside_yaml.run\nobjective: !new:loss_beside_yaml.OwnLoss\n"
    )
    options = ["--manifest", "none.csv", "--output_folder", str(tmp_path / "out")]
    done = run_experiment(["own/own.yaml", *options])
    assert done["ran"] == "OwnLoss" and done["embedding_dim"] > 0


@pytest.mark.parametrize(
    "change",
    [
        "batch_size: 0", "num_epochs: 1.5", "image_size: true", "seed: null", "num_workers: -1", "seconds: 0",
        "max_minutes: 0", "num_epochs: many",
    ],
)  # fmt: skip
def test_numbers_that_no_training_can_use_are_refused(change: str) -> None:
    """Some were division by zero after all clips had been decoded; some trained nothing, and saved that."""
    name = change.partition(":")[0]
    with pytest.raises(ExperimentError, match=f"--{name}: expected a .*number"):
        load_experiment("hparams/demo.yaml", f"manifest: m\noutput_folder: o\n{change}")


def test_help_of_an_experiment_shows_its_entries(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_experiment(["hparams/demo.yaml", "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert "\nbatch_size: 64" in shown and "\nseconds: 1.3" in shown and "--precision" in shown
