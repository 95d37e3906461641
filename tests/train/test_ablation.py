"""The ablation trains each variant once per seed."""

from pathlib import Path

from tiny_clips import write_tiny_clips

from pins_plugin.train.ablation import run_ablation
from pins_plugin.train.experiment import YAML, load_experiment

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "TalkingHeads"
VARIANTS, SHARED = RECIPE / "ablation.yaml", RECIPE / "ablation_shared.yaml"


def test_every_variant_can_be_built() -> None:
    for changes in YAML.load(VARIANTS.read_text()).values():
        entries = {**changes, "manifest": "m", "output_folder": "o"}
        hparams = load_experiment(SHARED, entries)
        assert hparams["objective"].loss is not None
        standardized = hparams["face_encoder"].projection.linear.bias is None
        assert standardized == changes["standardize"]


def test_ablation_trains_each_once(tmp_path: Path, capsys) -> None:
    manifest = write_tiny_clips(tmp_path / "clips", 8, 2)
    variants = tmp_path / "variants.yaml"
    known = YAML.load(VARIANTS.read_text())
    names = [
        name for name in known if "multiway" in name or "0.6, plain last layer: random" in name
    ]
    assert len(names) == 2
    YAML.dump({name: known[name] for name in names}, variants)
    options = ["--device", "cpu", "--seconds", "0.5", "--batch_size", "4", "--num_epochs", "1"]
    histories = run_ablation(SHARED, variants, manifest, tmp_path / "out", 1, options)
    assert list(histories) == names
    assert all(0 <= run[-1]["roc_auc"] <= 1 for runs in histories.values() for run in runs.values())
    assert capsys.readouterr().out.count("seed 0") == 2
    assert run_ablation(SHARED, variants, manifest, tmp_path / "out", 1, options) == histories
    assert "seed 0" not in capsys.readouterr().out
    more = run_ablation(SHARED, VARIANTS, manifest, tmp_path / "out", 3, only_finished=True)
    assert more == histories
