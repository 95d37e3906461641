"""From raw videos to a trained model: `pins simulate`, `pins cut --tar`, `pins train`, nothing in between."""

from itertools import count
from pathlib import Path

from pins_plugin.cli import main
from pins_plugin.data.corpora.voxceleb_clips import split_by_checksum
from pins_plugin.data.training.tar_shards import read_index
from pins_plugin.models.folder.model_folder import load_model_folder

ROOT = Path(__file__).resolve().parents[3]
SCENES = {"train": 3, "valid": 2}
SMALL = "--device cpu --image_size 32 --frames_per_clip 2 --seconds 1 --batch_size 3 --embedding_dim 8 --num_epochs 2"


def _name_folders(raw: Path) -> None:
    """Call the scenes, each a file of the same name, so that both splits are there."""
    wanted = [split for split, number in SCENES.items() for _ in range(number)]
    names = (f"night_{number:02d}" for number in count())
    for folder, split in zip(sorted(raw.glob("scene_*")), wanted, strict=True):
        folder.rename(raw / next(n for n in names if split_by_checksum(f"{n}/scene.mp4", 0.1) == split))  # fmt: skip


def test_raw_videos_become_a_model(tmp_path: Path) -> None:
    raw, shards, run = tmp_path / "raw", tmp_path / "shards", tmp_path / "run"
    scenes = "--scenes 5 --people 1 --off_screen 0 --seconds 5 --seed 5 --jobs 1 --quiet"
    assert main(["simulate", "scenes", str(raw), *scenes.split()]) == 0
    _name_folders(raw)
    options = "--tar --jobs 0 --min_seconds 2 --quiet --strict"
    assert main(["cut", str(raw), "--out", str(shards), *options.split()]) == 0
    index = read_index(str(shards))["shards"]
    assert {shard["split"]: len(shard["videos"]) for shard in index} == SCENES
    given = ["--manifest", str(shards), "--output_folder", str(run), *SMALL.split()]
    assert main(["train", str(ROOT / "hparams" / "talking_heads.yaml"), *given]) == 0
    assert load_model_folder(run / "model").settings["validation"].keys() == {"epoch", "roc_auc"}
    card = (run / "model" / "README.md").read_text()
    assert "2 people whom no training knew, 2 clips, split `valid` of `shards`" in card
    assert "| verification AUC " in card
