"""Training of the synchronization model: which sound belongs to which moment of the lips, without labels."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import speechbrain as sb
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from pins_plugin.data.training.sync_clips import SyncBatch, SyncBatches, SyncClip, load_sync_clip
from pins_plugin.errors import PinsError
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.train.checkpoints import WholeCheckpointer
from pins_plugin.train.run_record import begin_run, data_key
from pins_plugin.utils.seeding import seed_everything

UNCALIBRATED = {"offset_weights": [-1.85, 3.09, 0.82], "speaking_weights": [-1.1, 6.5, 0.4, 3.8]}
ENCODER_OPTIONS = ("channels", "embedding_dim", "num_blocks", "dropout")


class SyncBrain(sb.Brain):
    """Train `lip_encoder` and `sound_encoder` with `objective` under a one-cycle learning rate.

    Hyperparameters: `learning_rate` (highest), `num_steps`.
    """

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

    def on_fit_batch_start(self, batch: SyncBatch, should_step: bool) -> None:
        """Set the learning rate of the step."""
        rate = one_cycle(self.optimizer_step / self.hparams.num_steps) * self.hparams.learning_rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def on_stage_start(self, stage: sb.Stage, epoch: int | None = None) -> None:
        """Draw other stretches in each epoch."""
        if stage == sb.Stage.TRAIN and epoch is not None:
            self.batches.set_epoch(epoch)

    def on_stage_end(self, stage: sb.Stage, stage_loss: float, epoch: int | None = None) -> None:
        """Log and save."""
        self.losses.append(float(stage_loss))
        if getattr(self.hparams, "train_logger", None) is not None:
            self.hparams.train_logger.log_stats(
                {"epoch": epoch, "step": self.optimizer_step}, train_stats={"loss": stage_loss}
            )
        if self.checkpointer is not None:
            self.checkpointer.save_and_keep_only(meta={"loss": float(stage_loss)}, num_to_keep=1)


def one_cycle(progress: float, warm_up: float = 0.2) -> float:
    """Share of the highest learning rate at `progress` in [0, 1]: linear rise, cosine fall (Smith, 2018)."""
    if progress < warm_up:
        return 0.04 + 0.96 * progress / warm_up
    fall = min(1.0, (progress - warm_up) / (1 - warm_up))
    return 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * fall)))) + 1e-4


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
    device: str = "cpu",
    folder: str | Path | None = None,
    train_logger: Any = None,
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
    device : str
    folder : str or Path, optional
        For checkpoints; an interrupted run goes on from the last one found there.
    train_logger : speechbrain TrainLogger, optional
    quiet : bool

    Returns
    -------
    losses : list of float
        Mean loss of each epoch of this run.
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
    epochs = sb.utils.epoch_loop.EpochCounter(num_epochs)
    brain = SyncBrain(
        modules,
        opt_class=lambda parameters: torch.optim.AdamW(
            parameters, learning_rate, weight_decay=weight_decay
        ),
        hparams={
            "num_steps": num_epochs * steps_per_epoch,
            "learning_rate": learning_rate,
            "train_logger": train_logger,
        },
        run_opts={"device": device, "max_grad_norm": 1.0, "noprogressbar": quiet},
        checkpointer=None
        if folder is None
        else WholeCheckpointer(folder, {**modules, "epochs": epochs}),
    )
    brain.batches, brain.losses = batches, []
    brain.fit(epochs, DataLoader(batches, batch_size=None))
    for module in modules.values():
        module.eval()
    return brain.losses


def train_sync(hparams: dict[str, Any], run_opts: dict[str, Any]) -> None:
    """Carry out the experiment of `hparams/sync.yaml` and write a model folder.

    Parameters
    ----------
    hparams : dict
        The entries of the YAML, built.
    run_opts : dict
        SpeechBrain's run options; `device` is used.

    Raises
    ------
    PinsError
        When there is no clip to train on.
    """
    folder = Path(hparams["output_folder"])
    root = Path(hparams["clips"])
    left_out = set(hparams["leave_out"])
    kept, sources, paths = [], [], []
    for path in sorted(root.rglob("*.npz")):
        clip = load_sync_clip(path)
        if not {clip.person, clip.name} & left_out:
            kept.append(clip)
            sources.append(path.relative_to(root).parts[0])
            paths.append((path.relative_to(root).as_posix(), path))
    if not kept:
        raise PinsError(
            f"clips: {hparams['clips']}: expected clips of recipes/Sync/prepare.py, got none to train on"
        )
    begin_run(folder, hparams, data_key(paths))
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
        sources=sources,
        shares=hparams["shares"],
        device=run_opts.get("device", "cpu"),
        folder=folder / "checkpoints",
        train_logger=sb.utils.train_logger.FileTrainLogger(folder / "train_log.txt"),
    )
    save_model_folder(
        folder / "model",
        encoders,
        {name: _config(encoder, hparams) for name, encoder in encoders.items()},
        UNCALIBRATED,
        f"# Synchronization model\n\nTrained on {len(kept)} clips of {len({c.person for c in kept})} people; "
        "its confidences are not yet calibrated (recipes/Sync/calibrate.py).\n",
    )


def _config(encoder: nn.Module, hparams: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Class and arguments that build an encoder again."""
    kind = type(encoder)
    known = inspect.signature(kind).parameters
    arguments = {name: hparams[name] for name in ENCODER_OPTIONS if name in known}
    return f"{kind.__module__}.{kind.__qualname__}", arguments
