"""The ablation trains each objective once per seed and tabulates what happened."""

from pathlib import Path

from tiny_clips import write_tiny_clips

from pins_plugin.train.ablation import format_curve, format_table, run_ablation
from pins_plugin.train.experiment import YAML, load_experiment

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = ROOT / "recipes" / "TalkingHeads" / "ablation.yaml"
BASE = ROOT / "hparams" / "talking_heads.yaml"


def epochs(*scores: float) -> list[dict[str, float]]:
    return [
        {"epoch": number, "seconds": 2.0 * number, "loss": 1.0, "roc_auc": score}
        for number, score in enumerate(scores, start=1)
    ]


def test_table_puts_the_best_first() -> None:
    table = format_table(
        {"worse": [epochs(0.5, 0.6), epochs(0.6)], "better": [epochs(0.9, 0.7), epochs(0.8)]}
    )
    lines = table.splitlines()
    assert lines[2] == "| better | 0.750 | 0.652 - 0.848 | 0.850 | 1.000 | 2 |"
    assert lines[3].startswith("| worse | 0.600")


def test_curve_lists_every_epoch() -> None:
    lines = format_curve({"a, b": [epochs(0.5, 0.6)]}).splitlines()
    assert lines[2] == '"a, b",0,2,4.0,1.0,0.6'


def test_every_variant_can_be_built() -> None:
    for objective in YAML.load(VARIANTS.read_text()).values():
        changes = {"objective": objective, "manifest": "m", "output_folder": "o"}
        assert load_experiment(BASE, changes)["objective"].loss is not None


def test_ablation_trains_each_once(tmp_path: Path, capsys) -> None:
    manifest = write_tiny_clips(tmp_path / "clips", 8, 2)
    variants = tmp_path / "variants.yaml"
    names = ["multiway matching", "curriculum, easier fraction"]
    known = YAML.load(VARIANTS.read_text())
    YAML.dump({name: known[name] for name in names}, variants)
    options = [
        "--device",
        "cpu",
        "--image_size",
        "32",
        "--seconds",
        "0.5",
        "--batch_size",
        "4",
        "--num_epochs",
        "1",
    ]
    table = run_ablation(BASE, variants, manifest, tmp_path / "out", 1, options)
    assert all(name in table for name in names)
    assert capsys.readouterr().out.count("seed 0") == 2
    again = run_ablation(BASE, variants, manifest, tmp_path / "out", 1, options)
    assert again == table == (tmp_path / "out" / "ablation.md").read_text()
    assert "seed 0" not in capsys.readouterr().out
