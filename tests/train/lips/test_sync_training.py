"""Training on toy clips in which the lips open with the sound: it learns, resumes, and repeats itself."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pins_plugin.data.training.sync_clips import SyncClip, load_sync_clip, save_sync_clip
from pins_plugin.errors import ExperimentError, PinsError
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.losses.window_matching import WindowMatchingLoss
from pins_plugin.models.lips.sync_encoders import LipEncoder, SoundEncoder
from pins_plugin.train.experiment import load_experiment
from pins_plugin.train.learning_rate import lips_cycle
from pins_plugin.train.lips.run_clips import begin_with_clips
from pins_plugin.train.lips.sync import train_synchronizer

HPARAMS = Path(__file__).resolve().parents[3] / "hparams"


def make_clips(count: int = 6, num_frames: int = 80) -> list[SyncClip]:
    """Mouths that open as loudly as it sounds."""
    generator = np.random.default_rng(0)
    clips = []
    for index in range(count):
        shape = generator.normal(size=(88, 2))
        opening = generator.random((num_frames + 2, 1)).repeat(3, axis=1).ravel()[:num_frames]
        lips = shape + 0.5 * opening[:, None, None] * np.sign(shape)
        loudness = np.interp(np.arange(num_frames * 640) / 640, np.arange(num_frames), opening)
        sound = 0.5 * loudness**2 * generator.normal(size=num_frames * 640)
        clips.append(
            SyncClip(
                f"clip{index}", f"person{index}", lips.astype(np.float32),
                np.zeros((num_frames, 1, 1), np.uint8), sound.astype(np.float32),
            )
        )  # fmt: skip
    return clips


def train(num_epochs: int, **options) -> tuple[list[float], torch.Tensor]:
    torch.manual_seed(0)
    encoders = LipEncoder(channels=16, num_blocks=1), SoundEncoder(channels=16, num_blocks=1)
    losses = train_synchronizer(
        make_clips(), *encoders, WindowMatchingLoss(), num_epochs=num_epochs, steps_per_epoch=10,
        num_frames=40, batch_size=8, learning_rate=5e-3, quiet=True, **options,
    )  # fmt: skip
    return losses, encoders[0].last.weight.detach()


def test_training_learns() -> None:
    losses, _ = train(6, augmentation=0.3)
    assert losses[0] > 2.3
    assert losses[-1] < 1.5, losses


def test_training_repeats_itself() -> None:
    (first, weights), (again, same) = train(1), train(1)
    assert first == again
    torch.testing.assert_close(weights, same)


def test_training_goes_on_from_a_checkpoint(tmp_path) -> None:
    assert len(train(1, folder=tmp_path)[0]) == 1
    assert len(train(3, folder=tmp_path)[0]) == 3
    assert len(train(3, folder=tmp_path)[0]) == 3  # finished already


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.04), (0.2, 1.0), (0.6, 0.5), (1.0, 0.0)])
def test_one_cycle_by_hand(progress: float, share: float) -> None:
    assert lips_cycle(1.0)(progress) == pytest.approx(share, abs=1e-3)


def test_yaml_trains_a_model_folder_that_opens(tmp_path) -> None:
    for clip in make_clips(3):
        save_sync_clip(tmp_path / "clips" / f"{clip.name}.npz", clip)
    options = {
        "clips": str(tmp_path / "clips"), "output_folder": str(tmp_path / "run"), "num_epochs": 1,
        "leave_out": ["person0"], "steps_per_epoch": 2, "batch_size": 2, "num_frames": 32, "channels": 8, "embedding_dim": 4,
    }  # fmt: skip
    hparams = load_experiment(HPARAMS / "sync.yaml", options)
    hparams["run"](hparams, {})
    synchronizer = Synchronizer.from_hparams(tmp_path / "run" / "model")
    clip = make_clips(1)[0]
    features = synchronizer.features(clip.lips, np.arange(80) / 25, clip.waveform)
    assert features.lips.shape == (80, 4)
    assert "on 2 clips of 2 people" in (
        tmp_path / "run" / "model" / "README.md"
    ).read_text().replace("Trained", "")
    hparams["run"](hparams, {})  # once more: finished already
    for change, named in (({"leave_out": []}, "the training clips"), ({"seed": 3}, "seed")):
        other = load_experiment(HPARAMS / "sync.yaml", options | change)
        with pytest.raises(ExperimentError, match=named):
            other["run"](other, {})


def test_no_clips_are_explained(tmp_path) -> None:
    options = {"clips": str(tmp_path), "output_folder": str(tmp_path / "run")}
    hparams = load_experiment(HPARAMS / "sync.yaml", options)
    with pytest.raises(PinsError, match="got none to train on"):
        hparams["run"](hparams, {})


def test_one_name_is_left_out_as_a_list_of_one_is(tmp_path, caplog) -> None:
    """`--leave_out person0` was read letter by letter, and the person trained on."""
    for clip in make_clips(3):
        save_sync_clip(tmp_path / "clips" / f"{clip.name}.npz", clip)
    places = {"clips": tmp_path / "clips", "output_folder": tmp_path / "run"}
    for left_out in ("person0", ["person0"]):
        kept = begin_with_clips(
            {**places, "leave_out": left_out, "resolved_yaml": ""}, load_sync_clip, ""
        )
        assert {clip.person for clip in kept.values()} == {"person1", "person2"}
    assert not caplog.records
    begin_with_clips({**places, "leave_out": ["persno0"], "resolved_yaml": ""}, load_sync_clip, "")
    assert "persno0" in caplog.text


def test_a_frozen_layer_that_is_none_is_named(tmp_path) -> None:
    for clip in make_clips(3):
        save_sync_clip(tmp_path / "clips" / f"{clip.name}.npz", clip)
    options = {"clips": str(tmp_path / "clips"), "output_folder": str(tmp_path / "run"), "frozen": "sound_encoder.frist"}  # fmt: skip
    hparams = load_experiment(HPARAMS / "sync.yaml", options)
    with pytest.raises(PinsError, match="frozen: expected names of layers"):
        hparams["run"](hparams, {})
