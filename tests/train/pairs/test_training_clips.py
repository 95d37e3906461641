"""Training from tar shards: it learns, and goes on within an epoch as if it had never been stopped."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_clips import write_tiny_clips

from pins_plugin.archive.many import Machinery
from pins_plugin.archive.pack import pack_clips
from pins_plugin.cli import main
from pins_plugin.cli.train import complete_card
from pins_plugin.data.corpora.manifest import read_manifest, write_manifest
from pins_plugin.data.training.tar_shards import ClipForm, read_index
from pins_plugin.errors import ExperimentError, ManifestError
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.train.experiment import load_experiment, run_experiment
from pins_plugin.train.pairs.brain import FaceVoiceBrain

ROOT = Path(__file__).resolve().parents[3]
SMALL = "--device cpu --image_size 32 --frames_per_clip 2 --seconds 0.5 --batch_size 8 --embedding_dim 16"


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    manifest = write_tiny_clips(folder, 40, 2)
    clips = [  # five people of each gender are for validation
        replace(clip, attributes={"gender": "female" if int(clip.identity[1:]) % 8 > 3 else "male"})
        for clip in read_manifest(manifest)
    ]
    write_manifest(manifest, clips)
    here = Machinery(jobs=0)
    pack_clips(clips, folder / "shards", ClipForm(32, 2), here, shard_bytes=4_000_000, quiet=True)
    return folder / "shards"


def _train(shards: Path, output: Path, **options: object) -> dict[str, torch.Tensor]:
    given = {"manifest": shards, "output_folder": output, "num_epochs": 3, **options}
    extra = [text for name, value in given.items() for text in (f"--{name}", str(value))]
    run_experiment([str(ROOT / "hparams" / "talking_heads.yaml"), *SMALL.split(), *extra])
    return load_file(output / "model" / "face_encoder.safetensors")


def test_training_from_shards_learns(shards: Path, tmp_path: Path) -> None:
    index = read_index(str(shards), "train")
    assert len(index["shards"]) > 2
    given = ["--manifest", str(shards), "--output_folder", str(tmp_path), "--num_epochs", "12"]
    assert (
        main(["train", str(ROOT / "hparams" / "talking_heads.yaml"), *SMALL.split(), *given]) == 0
    )
    log = (tmp_path / "train_log.txt").read_text()
    assert float(log.split("train loss: ")[-1].split()[0]) < 1.4  # chance: log 8 = 2.08
    assert load_model_folder(tmp_path / "model").settings["validation"]["roc_auc"] > 0.8
    assert not (tmp_path / "cache").exists()  # nothing was decoded into a cache
    of_shards = (tmp_path / "model" / "README.md").read_text()
    for gender in ("female", "male"):
        assert f"| gender: {gender} | 5 |" in " ".join(of_shards.split())
    words = SMALL.replace("--", "").split()[2:]
    small = {name: float(value) for name, value in zip(words[::2], words[1::2], strict=True)}
    loose = {"manifest": str(shards.parent / "manifest.csv"), "output_folder": str(tmp_path)}
    small = {name: int(value) if value.is_integer() else value for name, value in small.items()}
    complete_card(load_experiment(ROOT / "hparams" / "talking_heads.yaml", small | loose))
    of_files = (tmp_path / "model" / "README.md").read_text()
    assert of_files.replace("manifest.csv", "shards") == of_shards


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stopped_run_ends_at_the_same_weights(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    whole = _train(shards, tmp_path / "whole", num_workers=workers)
    fit_batch, stop_at = FaceVoiceBrain.fit_batch, 8  # in the second epoch of six or seven steps

    def fit_some(brain: FaceVoiceBrain, batch: object) -> torch.Tensor:
        if brain.optimizer_step == stop_at:
            raise KeyboardInterrupt
        return fit_batch(brain, batch)

    with monkeypatch.context() as patch:
        patch.setattr(FaceVoiceBrain, "fit_batch", fit_some)
        with pytest.raises(KeyboardInterrupt):
            _train(shards, tmp_path / "part", num_workers=workers, ckpt_interval_steps=1)
    with pytest.raises(ExperimentError, match="as many"):
        _train(shards, tmp_path / "part", num_workers=3)
    again = _train(shards, tmp_path / "part", num_workers=workers)
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_other_shards_and_no_shards_are_refused(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="expected a folder of training shards"):
        _train(tmp_path, tmp_path / "out")
