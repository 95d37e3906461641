"""Training of the synchronization model: which sound belongs to which moment of the lips, without labels."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import speechbrain as sb
import torch
from torch import Tensor, nn

from pins_plugin.data.training.sync_clips import SyncBatch, SyncBatches, SyncClip, load_sync_clip
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.train.learning_rate import OneCycle
from pins_plugin.train.lips.clips import read_clips
from pins_plugin.train.loop import StretchLoader, TrainingBrain, run_training
from pins_plugin.train.run_record import begin_run, data_key
from pins_plugin.utils.seeding import seed_everything

UNCALIBRATED = {"offset_weights": [-1.85, 3.09, 0.82], "speaking_weights": [-1.1, 6.5, 0.4, 3.8]}
ONE_CYCLE = {"warmup": 0.2, "end": 1e-4, "start": 0.04}


class SyncBrain(TrainingBrain):
    """Train `lip_encoder` and `sound_encoder` with `objective`."""

    def compute_forward(self, batch: SyncBatch, stage: sb.Stage) -> tuple[Tensor, Tensor]:
        """Encode both sides: two (batch, num_frames, embedding_dim) Tensors."""
        lips = batch.lips.to(self.device)
        spectrograms = batch.spectrograms.to(self.device)
        return (
            self.modules.lip_encoder(lips),
            self.modules.sound_encoder.encode_spectrograms(spectrograms),
        )

    def compute_objectives(
        self, predictions: tuple[Tensor, Tensor], batch: SyncBatch, stage: sb.Stage
    ) -> Tensor:
        """Compare each moment with the sound around it."""
        return self.modules.objective(*predictions)


def train_synchronizer(
    clips: Sequence[SyncClip],
    lip_encoder: nn.Module,
    sound_encoder: nn.Module,
    objective: nn.Module,
    *,
    num_epochs: int = 6,
    steps_per_epoch: int = 100,
    num_frames: int = 64,
    batch_size: int = 32,
    learning_rate: float = 2e-3,
    weight_decay: float = 1e-2,
    augmentation: float = 1.0,
    balance: float = 0.4,
    seed: int = 0,
    view: str = "lips",
    sources: Sequence[str] | None = None,
    shares: Mapping[str, float] | None = None,
    briefly: float = 0.0,
    run_opts: Any = None,
    folder: str | Path | None = None,
    quiet: bool = False,
) -> list[float]:
    """Train both encoders in place.

    Parameters
    ----------
    clips : sequence of SyncClip
        Each with sound and lips in sync. No identity label reaches the loss.
    lip_encoder, sound_encoder : nn.Module
        See `models.lips.sync_encoders`.
    objective : nn.Module
        Such as `losses.window_matching.WindowMatchingLoss`.
    num_epochs, steps_per_epoch, num_frames, batch_size : int
    learning_rate, weight_decay, augmentation, balance : float
        See `SyncBatches` for the last two.
    seed : int
        Of the order, the augmentation and dropout. (The start of the encoders is the caller's.)
    view : {"lips", "mouths"}
        What the lip encoder reads.
    sources : sequence of str, optional
    shares : mapping of str to float, optional
        Where each clip comes from, and how often each source is drawn; see `SyncBatches`.
    briefly : float
        Share of batches with less than two seconds of a face; see `SyncBatches`.
    run_opts : speechbrain RunOptions or dict, optional
    folder : str or Path, optional
        Of the run; one that was stopped goes on from there.
    quiet : bool

    Returns
    -------
    losses : list of float
        Mean loss of each epoch.
    """
    seed_everything(seed)
    with torch.inference_mode():
        sound_encoder.eval()
        spectrograms = [
            sound_encoder.spectrograms(torch.from_numpy(clip.waveform)[None])[0].clone()
            for clip in clips
        ]
    batches = SyncBatches(
        clips,
        spectrograms,
        num_frames,
        batch_size,
        steps_per_epoch,
        augmentation,
        balance,
        seed,
        view,
        sources,
        shares,
        briefly,
    )
    modules = {"lip_encoder": lip_encoder, "sound_encoder": sound_encoder, "objective": objective}
    history = run_training(
        SyncBrain,
        modules,
        StretchLoader(batches),
        {
            "num_steps": num_epochs * steps_per_epoch,
            "learning_rate": OneCycle(learning_rate, **ONE_CYCLE),
            "max_grad_norm": 1.0,
        },
        optimizer=partial(torch.optim.AdamW, weight_decay=weight_decay),
        num_epochs=num_epochs,
        folder=folder,
        run_opts=run_opts,
        quiet=quiet,
    )
    return [entry["loss"] for entry in history]


def train_sync(hparams: dict[str, Any], run_opts: dict[str, Any]) -> None:
    """Carry out the experiment of `hparams/sync.yaml` and write a model folder.

    Parameters
    ----------
    hparams : dict
        The entries of the YAML, built.
    run_opts : dict
        SpeechBrain's run options.

    Raises
    ------
    PinsError
        When there is no clip to train on.
    """
    folder = Path(hparams["output_folder"])
    clips = read_clips(hparams, load_sync_clip, "recipes/Sync/prepare.py")
    begin_run(folder, hparams, data_key((name, path) for name, (path, _) in clips.items()))
    kept = [clip for _, clip in clips.values()]
    encoders = {name: hparams[name] for name in ("lip_encoder", "sound_encoder")}
    options = {
        name: hparams[name]
        for name in ("num_epochs", "steps_per_epoch", "num_frames", "batch_size", "learning_rate",
                     "weight_decay", "augmentation", "balance", "briefly", "seed", "view")
    }  # fmt: skip
    train_synchronizer(
        kept,
        hparams["lip_encoder"],
        hparams["sound_encoder"],
        hparams["objective"],
        **options,
        sources=[Path(name).parts[0] for name in clips],
        shares=hparams["shares"],
        run_opts=run_opts,
        folder=folder,
    )
    save_model_folder(
        folder / "model",
        encoders,
        {},
        UNCALIBRATED,
        f"# Synchronization model\n\nTrained on {len(kept)} clips of {len({c.person for c in kept})} people; "
        "its confidences are not yet calibrated (recipes/Sync/calibrate.py).\n",
    )
