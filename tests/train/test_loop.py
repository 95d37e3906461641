"""Every experiment that ships runs on the one loop: it goes on from any moment, and takes SpeechBrain's run options."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_clips import write_tiny_clips

from pins_plugin.data.training.sync_clips import SyncClip, save_sync_clip
from pins_plugin.data.training.talking_clips import TalkingClip, save_talking_clip
from pins_plugin.models.faces.chip_face import ChipTrunk
from pins_plugin.models.voices.patch_voice import PatchTrunk
from pins_plugin.train.experiment import load_experiment, run_experiment
from pins_plugin.train.loop import TrainingBrain

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "hparams").glob("*.yaml"))


def sync_options(folder: Path) -> dict[str, object]:
    generator = np.random.default_rng(0)
    for index in range(3):
        lips = generator.normal(size=(60, 88, 2)).astype(np.float32)
        sound = 0.1 * generator.normal(size=60 * 640).astype(np.float32)
        mouths = np.zeros((60, 1, 1), np.uint8)
        clip = SyncClip(f"c{index}", f"p{index}", lips, mouths, sound.astype(np.float32))
        save_sync_clip(folder / "clips" / f"{clip.name}.npz", clip)
    return {
        "clips": folder / "clips", "num_epochs": 2, "steps_per_epoch": 4, "batch_size": 4, "num_frames": 40,
        "channels": 8, "embedding_dim": 4,
    }  # fmt: skip


def talking_options(folder: Path) -> dict[str, object]:
    generator = np.random.default_rng(0)
    for index in range(3):
        lips = generator.normal(size=(60, 88, 2)).astype(np.float32)
        clip = TalkingClip(f"c{index}", f"p{index}", lips, np.repeat([0, 1], 30).astype(np.int8))
        save_talking_clip(folder / "clips" / f"{clip.name}.npz", clip)
    return {
        "clips": folder / "clips", "num_folds": 0, "num_epochs": 2, "steps_per_epoch": 4, "batch_size": 4,
        "num_frames": 40, "channels": 8, "num_modes": 4,
    }  # fmt: skip


def word_options(folder: Path) -> dict[str, object]:
    rows = ["clip,start_s,end_s,word"]
    for path in sorted(sync_options(folder)["clips"].glob("*.npz")):  # type: ignore[attr-defined]
        rows += [f"{path.stem},{0.1 + 0.4 * n},{0.4 + 0.4 * n},{'ab'[n % 2]}" for n in range(4)]
    (folder / "words.csv").write_text("\n".join(rows))
    return {
        "clips": folder / "clips", "words": folder / "words.csv", "num_test_clips": 1, "num_valid_clips": 1,
        "num_steps": 56, "batch_size": 4, "channels": 8,
    }  # fmt: skip


def soft_options(folder: Path) -> dict[str, object]:
    generator = np.random.default_rng(0)
    for name, dim in (("faces", 16), ("voices", 256)):
        np.savez(
            folder / f"{name}.npz",
            features=generator.normal(size=(80, dim)).astype(np.float32),
            person=np.array([f"{name * (row % 40 < 20)}{row // 4}" for row in range(80)]),
            split=np.where(np.arange(80) < 40, "choose", "learn"),
            probability=np.arange(80) // 4 % 2 * 0.9 + 0.05,
            changed=np.zeros(80, bool),
        )
    trunks = {"face_encoder": ChipTrunk(), "voice_encoder": PatchTrunk()}
    weights = {f"{n}.{k}": v for n, t in trunks.items() for k, v in t.state_dict().items()}
    save_file({k: v.contiguous() for k, v in weights.items()}, folder / "trunks.safetensors")
    return {"prepared_folder": folder, "num_steps": 8, "batch_size": 8, "pair_weight": 0.5}


def feature_options(folder: Path) -> dict[str, object]:
    generator = np.random.default_rng(0)
    rows = ["clip_id,identity,video,split"]
    for person in range(40):
        split = "train" if person < 30 else "valid"
        rows += [f"c{person}_{n},p{person},v{person}_{n // 2},{split}" for n in range(4)]
    (folder / "clips.csv").write_text("\n".join(rows))
    names = np.array([row.split(",")[0] for row in rows[1:]])
    people = np.arange(160) // 4
    for side, dim in (("face", 12), ("voice", 10)):
        means = generator.normal(size=(40, dim))
        embeddings = means[people] + 0.3 * generator.normal(size=(160, dim))
        np.savez(folder / f"{side}.npz", embeddings=embeddings.astype(np.float32), clip_id=names)
    fit = (
        "!new:pins_plugin.train.features.training.FitSettings {num_closed_forms: 0, num_networks: 2, num_pairs: 100, "
        "network: !new:pins_plugin.train.features.feature_networks.NetworkSettings {most_steps: 8, steps_per_check: 4}}"
    )
    return {
        "manifest": folder / "clips.csv", "fit": fit, "supervised": True,
        "face_embeddings": folder / "face.npz", "voice_embeddings": folder / "voice.npz",
    }  # fmt: skip


def pair_options(folder: Path) -> dict[str, object]:
    return {
        "manifest": write_tiny_clips(folder, 8), "image_size": 32, "frames_per_clip": 2, "seconds": 0.5,
        "batch_size": 6, "num_epochs": 2, "embedding_dim": 8,
    }  # fmt: skip


KINDS: dict[str, tuple[str, Callable[[Path], dict[str, object]]]] = {
    "train_sync": ("sync", sync_options),
    "train_visual_voice_activity": ("visual_voice_activity", talking_options),
    "train_lip_reading": ("lip_reading", word_options),
    "train_soft_pairs": ("face_voice", soft_options),
    "train_features": ("features", feature_options),
    "train_talking_heads": ("talking_heads", pair_options),
}


def train(kind: str, options: dict[str, object], output: Path) -> dict[str, torch.Tensor]:
    """Weights of the model that a run ends with."""
    words = {**options, "output_folder": output, "device": "cpu", "ckpt_interval_steps": 1}
    arguments = [text for name, value in words.items() for text in (f"--{name}", str(value))]
    run_experiment([str(ROOT / "hparams" / f"{KINDS[kind][0]}.yaml"), *arguments])
    files = sorted((output / "model").glob("*.safetensors"))
    return {f"{path.stem}.{k}": value for path in files for k, value in load_file(path).items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_stopped_within_an_epoch_ends_at_the_same_weights(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = KINDS[kind][1](tmp_path)
    whole = train(kind, options, tmp_path / "whole")
    fit_batch = TrainingBrain.fit_batch
    taken = []

    def fit_some(brain: TrainingBrain, batch: object) -> torch.Tensor:
        if brain.optimizer_step == 3:
            raise KeyboardInterrupt
        taken.append(brain.optimizer_step)
        return fit_batch(brain, batch)

    monkeypatch.setattr(TrainingBrain, "fit_batch", fit_some)
    with pytest.raises(KeyboardInterrupt):
        train(kind, options, tmp_path / "stopped")
    monkeypatch.setattr(TrainingBrain, "fit_batch", fit_batch)
    assert taken == [0, 1, 2]
    again = train(kind, options, tmp_path / "stopped")
    assert whole.keys() == again.keys()
    assert [name for name in whole if not torch.equal(whole[name], again[name])] == []
    log = (tmp_path / "stopped" / "train_log.txt").read_text()
    assert "epoch: 1" in log and "rate" in log and "train loss" in log


@pytest.mark.parametrize("kind", KINDS)
def test_run_options_reach_the_loop(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(brain: TrainingBrain) -> None:
        seen.append((brain.precision, brain.max_grad_norm, brain.ckpt_interval_steps))
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingBrain, "on_fit_start", look)
    options = KINDS[kind][1](tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(kind, {**options, "precision": "bf16", "max_grad_norm": 0.7}, tmp_path / "run")
    assert seen == [("bf16", 0.7, 1)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_yaml_runs_on_the_loop(path: Path) -> None:
    """What `pins train --help` promises holds for the training function of each."""
    open_entries = (
        "manifest", "output_folder", "clips", "words", "prepared_folder", "face_embeddings", "voice_embeddings",
    )  # fmt: skip
    text = path.read_text(encoding="utf-8")
    while "\nextends:" in f"\n{text}":
        base = text.split("extends:")[1].split()[0]
        text = text.replace("extends:", "after:") + (path.parent / base).read_text(encoding="utf-8")
    given = {name: "x" for name in open_entries if f"\n{name}: !PLACEHOLDER" in text}
    hparams = load_experiment(path, given)
    assert hparams["run"].__name__ in KINDS
