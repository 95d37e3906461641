"""Training on toy mouths that open and close, or rest and sway: it learns, calibrates, writes a folder, resumes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pins_plugin.data.training.talking_clips import TalkingClip, save_talking_clip
from pins_plugin.errors import PinsError
from pins_plugin.inference.visual_voice_activity import VisualVoiceActivity
from pins_plugin.metrics.verification import roc_auc
from pins_plugin.models.lips.talking_network import TalkingNetwork
from pins_plugin.train.experiment import load_experiment
from pins_plugin.train.lips.visual_voice_activity import (
    balanced_cross_entropy,
    fit_llr,
    judge,
    train_talking,
)

HPARAMS = Path(__file__).resolve().parents[3] / "hparams"


def make_clips(count: int, seed: int = 0) -> list[TalkingClip]:
    """One second of rest, two of talk; the head sways and the points tremble all the time."""
    generator = np.random.default_rng(seed)
    clips = []
    times = np.arange(75) / 25
    for index in range(count):
        angle = np.linspace(0, 2 * np.pi, 88)
        shape = np.stack([0.5 * np.cos(angle), 0.2 * np.sin(angle) + 1.2], axis=1)
        talking = np.where(times < 1, 0, 1).astype(np.int8)
        opening = 0.5 + 0.5 * np.sin(2 * np.pi * generator.uniform(3, 5) * times)
        sway = 0.2 * np.sin(2 * np.pi * 0.4 * times + generator.uniform(0, 6))
        lips = np.tile(shape, (75, 1, 1))
        lips[..., 1] += (0.15 * talking * opening)[:, None] * np.sin(angle)
        lips[..., 0] += sway[:, None]
        lips += 0.004 * generator.normal(size=lips.shape)
        clips.append(TalkingClip(f"c{index}", f"p{index}", lips.astype(np.float32), talking))
    return clips


def train(
    num_epochs: int, clips: list[TalkingClip], **options
) -> tuple[list[float], TalkingNetwork]:
    torch.manual_seed(0)
    network = TalkingNetwork(num_modes=4, channels=8, num_blocks=1)
    losses = train_talking(
        clips, network, num_epochs=num_epochs, steps_per_epoch=10, num_frames=40, batch_size=8,
        learning_rate=1e-2, quiet=True, **options,
    )  # fmt: skip
    return losses, network


def test_training_learns_people_it_has_not_seen() -> None:
    losses, network = train(6, make_clips(5))
    assert losses[0] > losses[-1] and losses[-1] < 0.45, losses
    held = make_clips(3, seed=9)
    scores = np.concatenate([judge(network, clip) for clip in held])
    labels = np.concatenate([clip.talking for clip in held])
    assert roc_auc(scores, labels == 1) > 0.9


def test_training_repeats_itself() -> None:
    (first, network), (again, same) = (train(1, make_clips(3)) for _ in range(2))
    assert first == again
    torch.testing.assert_close(network.last.weight, same.last.weight)


def test_talk_and_rest_count_alike() -> None:
    logits = torch.tensor([[2.0, 2.0, 2.0, 2.0, 9.0]])
    talking = torch.tensor([[1.0, 1.0, 1.0, 0.0, -1.0]])
    by_hand = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(2.0))) / 2
    assert float(balanced_cross_entropy(logits, talking)) == pytest.approx(by_hand, abs=1e-5)


def test_calibration_finds_the_log_likelihood_ratio() -> None:
    """Of two normal distributions at +-1 of unit variance it is 2 x; the logit was 3 x - 1."""
    generator = np.random.default_rng(0)
    labels = (generator.random(40000) < 0.8).astype(np.int8)
    x = generator.normal(size=40000) + 2 * labels - 1
    bias, factor = fit_llr(3 * x - 1, labels, ["a", "b"] * 20000)
    assert factor == pytest.approx(2 / 3, abs=0.03)
    assert bias == pytest.approx(2 / 3, abs=0.06)


def test_experiment_writes_a_model_folder(tmp_path: Path) -> None:
    for clip in make_clips(4):
        save_talking_clip(tmp_path / "clips" / f"{clip.name}.npz", clip)
    changes = {
        "clips": str(tmp_path / "clips"), "output_folder": str(tmp_path / "out"), "num_folds": 2, "num_epochs": 1,
        "steps_per_epoch": 4, "batch_size": 4, "num_frames": 40, "channels": 8, "num_modes": 4, "leave_out": ["p3"],
    }  # fmt: skip
    hparams = load_experiment(HPARAMS / "visual_voice_activity.yaml", changes)
    hparams["run"](hparams, {"device": "cpu"})
    activity = VisualVoiceActivity.from_hparams(tmp_path / "out" / "model")
    assert [activity.bias, activity.factor] != [0.0, 1.0]
    assert len(activity(make_clips(1)[0].lips, np.arange(75) / 25).llr) == 75
    assert "3 clips of 3 people" in (tmp_path / "out" / "model" / "README.md").read_text()


def test_no_clips_is_an_error(tmp_path: Path) -> None:
    changes = {"clips": str(tmp_path), "output_folder": str(tmp_path / "out")}
    hparams = load_experiment(HPARAMS / "visual_voice_activity.yaml", changes)
    with pytest.raises(PinsError, match="got none to train on"):
        hparams["run"](hparams, {})
