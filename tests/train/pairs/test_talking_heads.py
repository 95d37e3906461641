"""Training learns from the pairing alone, resumes exactly, and does not depend on the number of processes."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_clips import write_tiny_clips

from pins_plugin.data.corpora.manifest import read_manifest, write_manifest
from pins_plugin.errors import ExperimentError, ManifestError, PinsError
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.train.experiment import run_experiment
from pins_plugin.train.pairs.brain import FaceVoiceBrain

ROOT = Path(__file__).resolve().parents[3]
SMALL = {
    "device": "cpu",
    "image_size": 32,
    "frames_per_clip": 2,
    "seconds": 0.5,
    "batch_size": 8,
    "num_epochs": 3,
    "embedding_dim": 16,
    "dropout": 0.1,
    "voice_augmentation": "!new:pins_plugin.data.training.augmentation.VoiceAugmentation {noise: 0.3, snr: [20.0, 30.0]}",
}


OTHER_LOSS = (
    "!new:pins_plugin.train.pairs.objective.PairObjective "
    "{loss: !new:pins_plugin.losses.multiway_matching.MultiwayMatchingLoss {scale: 5.0}}"
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_clips(tmp_path_factory.mktemp("clips"))


def arguments(manifest: Path, output: Path, **options) -> list[str]:
    pairs = {**SMALL, "manifest": manifest, "output_folder": output, **options}
    pairs.setdefault("cache_folder", manifest.parent / "cache")
    options = [text for name, value in pairs.items() for text in (f"--{name}", str(value))]
    return [str(ROOT / "hparams" / "talking_heads.yaml"), *options]


def train(manifest: Path, output: Path, **options) -> dict[str, torch.Tensor]:
    run_experiment(arguments(manifest, output, **options))
    return weights(output)


def weights(output: Path) -> dict[str, torch.Tensor]:
    loaded = {}
    for name in ("face_encoder", "voice_encoder"):
        found = load_file(output / "model" / f"{name}.safetensors")
        loaded |= {f"{name}.{key}": value for key, value in found.items()}
    return loaded


def same(first: dict, second: dict, tolerance: float = 0.0) -> bool:
    return all(torch.allclose(first[name], second[name], rtol=0, atol=tolerance) for name in first)


def last_loss(output: Path) -> float:
    return float((output / "train_log.txt").read_text().split("train loss: ")[-1].split()[0])


def best_auc(output: Path) -> float:
    return load_model_folder(output / "model").settings["validation"]["roc_auc"]


@pytest.fixture(scope="module")
def whole(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("whole")
    train(manifest, output)
    return output


def test_training_learns(tmp_path: Path) -> None:
    manifest = write_tiny_clips(tmp_path / "clips", 40, 2)
    train(manifest, tmp_path / "out", num_epochs=12)
    assert last_loss(tmp_path / "out") < 1.4  # chance: log 8 = 2.08
    assert best_auc(tmp_path / "out") > 0.8
    history = json.loads((tmp_path / "out" / "history.json").read_text())
    assert [entry["epoch"] for entry in history] == list(range(1, 13))  # not only up to the best
    assert load_model_folder(tmp_path / "out" / "model").modules["face_encoder"].embedding_dim == 16
    assert list((tmp_path / "out" / "tensorboard").iterdir())


def test_shuffled_pairs_teach_nothing(tmp_path: Path) -> None:
    manifest = write_tiny_clips(tmp_path / "clips", shuffled=True)
    train(manifest, tmp_path / "out", num_epochs=8)
    assert last_loss(tmp_path / "out") > 1.7
    log = (tmp_path / "out" / "train_log.txt").read_text()
    scores = [float(line.split("roc_auc: ")[1]) for line in log.splitlines()]
    assert 0.2 < sum(scores) / len(scores) < 0.75


def test_identities_of_training_clips_do_not_matter(
    manifest: Path, whole: Path, tmp_path: Path
) -> None:
    clips = read_manifest(manifest)
    anonymous = [
        clip if clip.split == "valid" else replace(clip, identity="nobody") for clip in clips
    ]
    write_manifest(tmp_path / "manifest.csv", anonymous)
    cache = manifest.parent / "cache"
    assert same(train(tmp_path / "manifest.csv", tmp_path, cache_folder=cache), weights(whole))


@pytest.mark.parametrize("step", [1, 5])
def test_stopped_run_ends_at_the_same_weights(
    manifest: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    fit_batch = FaceVoiceBrain.fit_batch

    def fit_some(brain: FaceVoiceBrain, batch) -> torch.Tensor:
        if brain.optimizer_step == step:
            raise KeyboardInterrupt
        return fit_batch(brain, batch)

    monkeypatch.setattr(FaceVoiceBrain, "fit_batch", fit_some)
    with pytest.raises(KeyboardInterrupt):
        train(manifest, tmp_path, ckpt_interval_steps=1)
    monkeypatch.setattr(FaceVoiceBrain, "fit_batch", fit_batch)
    assert same(train(manifest, tmp_path), weights(whole))


def test_run_killed_while_saving_ends_at_the_same_weights(
    manifest: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, saved = torch.save, []

    def save_some(value, path, *args, **kwargs) -> None:
        saved.append(path)
        if len(saved) == 9:
            raise KeyboardInterrupt
        save(value, path, *args, **kwargs)

    monkeypatch.setattr(torch, "save", save_some)
    with pytest.raises(KeyboardInterrupt):
        train(manifest, tmp_path, ckpt_interval_steps=1)
    monkeypatch.setattr(torch, "save", save)
    assert same(train(manifest, tmp_path), weights(whole))


def test_killed_process_is_resumed(manifest: Path, whole: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pins_plugin", "train"]
    command += arguments(manifest, tmp_path, ckpt_interval_steps=1)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 600
        while not list(tmp_path.glob("checkpoints/*/CKPT.yaml")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert same(train(manifest, tmp_path), weights(whole))


def test_finished_run_stays_as_it_is(manifest: Path, whole: Path) -> None:
    before = weights(whole)
    assert same(train(manifest, whole), before)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"seed": 5}, "seed (0, now 5)"),
        ({"batch_size": 6}, "batch_size"),
        ({"embedding_dim": 8}, "embedding_dim"),
        ({"objective": OTHER_LOSS}, "objective"),
    ],
)
def test_a_finished_folder_is_no_other_run(
    manifest: Path, whole: Path, options: dict, named: str
) -> None:
    before, yaml = weights(whole), (whole / "hyperparams.yaml").read_text()
    with pytest.raises(ExperimentError, match="output_folder") as error:
        train(manifest, whole, **options)
    assert named in str(error.value)
    assert same(weights(whole), before) and (whole / "hyperparams.yaml").read_text() == yaml


def test_other_clips_in_a_finished_folder_are_told(
    manifest: Path, whole: Path, tmp_path: Path
) -> None:
    clips = read_manifest(manifest)
    write_manifest(tmp_path / "manifest.csv", [clip for clip in clips if clip.video != "p00v0"])
    with pytest.raises(ExperimentError, match="the training clips"):
        train(tmp_path / "manifest.csv", whole)
    write_manifest(tmp_path / "manifest.csv", clips)  # the same clips, listed elsewhere
    before = weights(whole)
    cache = manifest.parent / "cache"
    assert same(train(tmp_path / "manifest.csv", whole, cache_folder=cache), before)


def test_a_place_that_cannot_be_written_is_told_first(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(PinsError, match="is a file"):
        train(manifest, tmp_path / "out")
    assert not (tmp_path / "cache").exists()


def test_two_processes_train_as_one(manifest: Path, whole: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += [str(ROOT / "recipes" / "TalkingHeads" / "train.py")]
    command += arguments(manifest, tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    finished = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )
    assert finished.returncode == 0, finished.stderr[:3000]
    assert same(weights(tmp_path), weights(whole), tolerance=2e-3)


def test_time_limit_ends_the_run(manifest: Path, tmp_path: Path) -> None:
    train(manifest, tmp_path, num_epochs=1000, max_minutes=0.01)
    assert len((tmp_path / "train_log.txt").read_text().splitlines()) < 20
    again = weights(tmp_path)
    assert same(train(manifest, tmp_path, num_epochs=1000, max_minutes=0.01), again)


def test_gradient_caching_trains(manifest: Path, tmp_path: Path) -> None:
    train(manifest, tmp_path, chunk_size=4, num_epochs=8, dropout=0.0)
    assert last_loss(tmp_path) < 1.8


def test_manifest_without_training_clips_is_refused(manifest: Path, tmp_path: Path) -> None:
    clips = [clip for clip in read_manifest(manifest) if clip.split == "valid"]
    write_manifest(tmp_path / "manifest.csv", clips)
    with pytest.raises(ManifestError, match="train"):
        train(tmp_path / "manifest.csv", tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_missing_gpu_is_named(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no GPU"):
        train(manifest, tmp_path, device="cuda")
