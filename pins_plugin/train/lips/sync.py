"""Training of the synchronization model: which sound belongs to which moment of the lips, without labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pins_plugin.data.training.sync_clips import SyncBatch, SyncBatches, SyncClip, load_sync_clip
from pins_plugin.errors import PinsError
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.train.learning_rate import lips_cycle
from pins_plugin.train.lips.run_clips import begin_with_clips, names_in
from pins_plugin.train.loop import TrainingBrain, train_steps
from pins_plugin.utils.seeding import seed_everything

SYNC_OPTIONS = ("num_epochs", "steps_per_epoch", "num_frames", "batch_size", "learning_rate", "weight_decay",
           "augmentation", "balance", "briefly", "seed", "view", "shares")  # fmt: skip


def sync_loss(brain: TrainingBrain, batch: SyncBatch) -> Tensor:
    """Compare each moment of the lips with the sound around it."""
    lips = brain.modules.lip_encoder(batch.lips.to(brain.device))
    sound = brain.modules.sound_encoder.encode_spectrograms(batch.spectrograms.to(brain.device))
    return brain.modules.objective(lips, sound)  # of two (batch, num_frames, embedding_dim)


def train_synchronizer(
    clips: Sequence[SyncClip],
    lip_encoder: nn.Module,
    sound_encoder: nn.Module,
    objective: nn.Module,
    *,
    num_epochs: int = 6,
    learning_rate: float = 2e-3,
    weight_decay: float = 1e-2,
    seed: int = 0,
    run_opts: Any = None,
    folder: Path | None = None,
    quiet: bool = False,
    **stretches: Any,
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
    seed : int
        Of the order, the augmentation and dropout. (The start of the encoders is the caller's.)
    run_opts, folder, quiet
        As in `run_training`.
    **stretches
        What is drawn, see `SyncBatches`.

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
    batches = SyncBatches(clips, spectrograms, seed=seed, **stretches)
    history = train_steps(
        sync_loss,
        {"lip_encoder": lip_encoder, "sound_encoder": sound_encoder, "objective": objective},
        batches,
        num_epochs * len(batches),
        lips_cycle(learning_rate),
        weight_decay,
        max_grad_norm=1.0,
        run_opts=run_opts,
        folder=folder,
        quiet=quiet,
    )
    return [entry["loss"] for entry in history]


def train_sync(hparams: dict[str, Any], run_opts: dict[str, Any]) -> None:
    """Carry out the experiment of `hparams/sync.yaml` and write a model folder.

    Raises
    ------
    PinsError
        When there is no clip to train on, or no layer of a name in `frozen`.
    """
    folder = Path(hparams["output_folder"])
    clips = begin_with_clips(hparams, load_sync_clip, "recipes/Sync/prepare.py")
    kept = list(clips.values())
    encoders = {name: hparams[name] for name in ("lip_encoder", "sound_encoder")}
    for name, load in (hparams["starting_weights"] or {}).items():
        load(encoders[name])
    for name in sorted(names_in(hparams["frozen"])):
        try:
            nn.ModuleDict(encoders).get_submodule(name).requires_grad_(False)
        except AttributeError as error:
            raise PinsError(
                f"frozen: expected names of layers such as sound_encoder.first, got {name!r} ({error})"
            ) from error
    train_synchronizer(
        kept,
        **encoders,
        objective=hparams["objective"],
        sources=[Path(name).parts[0] for name in clips],
        **{name: hparams[name] for name in SYNC_OPTIONS},
        run_opts=run_opts,
        folder=folder,
    )
    save_model_folder(
        folder / "model",
        encoders,
        {},
        f"# Synchronization model\n\nTrained on {len(kept)} clips of {len({c.person for c in kept})} people; "
        "its confidences are weighed as those of the shipped model, until recipes/Sync/files.py learns its own.\n",
    )
