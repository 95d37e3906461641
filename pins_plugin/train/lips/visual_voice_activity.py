"""Training of visual voice activity: which moments of a mouth are talk, from labeled clips."""

import copy
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.data.training.talking_clips import (
    UNKNOWN,
    TalkingBatch,
    TalkingBatches,
    TalkingClip,
    bridge,
    load_talking_clip,
)
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.train.learning_rate import lips_cycle
from pins_plugin.train.lips.run_clips import begin_with_clips
from pins_plugin.train.loop import TrainingBrain, train_steps
from pins_plugin.utils.seeding import seed_everything

TALKING_OPTIONS = ("num_epochs", "steps_per_epoch", "num_frames", "batch_size", "learning_rate", "weight_decay",
                    "augmentation", "looped", "slowed", "balance", "seed")  # fmt: skip
UNCALIBRATED = [0.0, 1.0]
CALIBRATION_STEP = 5  # frames from one that is calibrated on to the next


def talking_loss(brain: TrainingBrain, batch: TalkingBatch) -> Tensor:
    """Judge each frame, and compare with the labels."""
    lips, seen = batch.lips.to(brain.device), batch.seen.to(brain.device)
    logits = brain.modules.talking_network(lips, seen)  # (batch, num_frames)
    return balanced_cross_entropy(logits, batch.talking.to(brain.device))


def balanced_cross_entropy(logits: Tensor, talking: Tensor) -> Tensor:
    """Cross entropy in which talk and rest count alike, so that the logit is a log-likelihood ratio.

    Parameters
    ----------
    logits : (batch, num_frames) Tensor
    talking : (batch, num_frames) Tensor
        1, 0, or -1 where not known.

    Examples
    --------
    >>> logits = torch.zeros(1, 3)
    >>> round(float(balanced_cross_entropy(logits, torch.tensor([[1.0, 0.0, -1.0]]))), 4)
    0.6931
    """
    losses = functional.binary_cross_entropy_with_logits(
        logits, talking.clamp(min=0), reduction="none"
    )
    means = []
    for value in (0, 1):
        chosen = (talking == value).to(losses.dtype)
        means.append((losses * chosen).sum() / chosen.sum().clamp(min=1))
    return (means[0] + means[1]) / 2


def train_talking(
    clips: Sequence[TalkingClip],
    talking_network: nn.Module,
    *,
    num_epochs: int = 8,
    learning_rate: float = 3e-3,
    weight_decay: float = 1e-2,
    seed: int = 0,
    run_opts: Any = None,
    folder: Path | None = None,
    quiet: bool = False,
    **stretches: Any,
) -> list[float]:
    """Train the network in place.

    Parameters
    ----------
    talking_network : nn.Module
        See `models.lips.talking_network`.
    seed : int
        Of the order, the augmentation and dropout. (The start of the network is the caller's.)
    run_opts, folder, quiet
        As in `run_training`.
    **stretches
        What is drawn, see `TalkingBatches`.

    Returns
    -------
    losses : list of float
        Mean loss of each epoch.
    """
    seed_everything(seed)
    batches = TalkingBatches(clips, seed=seed, **stretches)
    history = train_steps(
        talking_loss,
        {"talking_network": talking_network},
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


def calibrate(
    clips: Sequence[TalkingClip], options: dict[str, Any], network: nn.Module, num_folds: int
) -> list[float]:
    """Fit bias and factor of the logit on people left out in turn.

    Parameters
    ----------
    options : dict
        Of `train_talking`.
    network : nn.Module
        Untrained; copies of it are trained.
    num_folds : int
        How many groups of people are left out, one after the other.
    """
    people = sorted({clip.person for clip in clips})
    logits, labels, weights = [], [], []
    for fold in range(num_folds):
        held = set(people[fold::num_folds])
        copied = copy.deepcopy(network)
        train_talking([c for c in clips if c.person not in held], copied, **options, quiet=True)
        for clip in clips:
            if clip.person in held:
                scores = judge(copied, clip)[CALIBRATION_STEP // 2 :: CALIBRATION_STEP]
                logits.append(scores)
                labels.append(clip.talking[CALIBRATION_STEP // 2 :: CALIBRATION_STEP])
                weights += [clip.person] * len(scores)
    return fit_llr(np.concatenate(logits), np.concatenate(labels), weights)


@torch.inference_mode()
def judge(network: nn.Module, clip: TalkingClip) -> NDArray[np.float32]:
    """Logit of each frame of a clip, (num_frames,)."""
    lips, seen = bridge(clip.lips)
    marks = torch.from_numpy(seen.astype(np.float32))[None]
    device = next(network.parameters()).device
    logits = network(torch.from_numpy(lips)[None].to(device), marks.to(device))
    return np.asarray(logits[0].cpu())


def fit_llr(
    logits: NDArray[np.floating], labels: NDArray[np.integer], people: Sequence[str]
) -> list[float]:
    """Logistic calibration in which people count alike, and so do talk and rest: bias and factor."""
    known = labels != UNKNOWN
    groups = [(person, int(label)) for person, label in zip(people, labels, strict=True)]
    counts = Counter(group for group, keep in zip(groups, known, strict=True) if keep)
    by_label = Counter(label for _, label in counts)
    weights = np.array(
        [
            1 / (counts[group] * by_label[group[1]]) if keep else 0.0
            for group, keep in zip(groups, known, strict=True)
        ]
    )
    model = LogisticRegression(C=100.0)
    model.fit(logits[known, None], labels[known], sample_weight=weights[known] * known.sum() / 2)
    return [round(float(value), 4) for value in (model.intercept_[0], model.coef_[0, 0])]


def train_visual_voice_activity(hparams: dict[str, Any], run_opts: dict[str, Any]) -> None:
    """Carry out the experiment of `hparams/visual_voice_activity.yaml` and write a model folder.

    Raises
    ------
    PinsError
        When there is no clip to train on.
    """
    folder = Path(hparams["output_folder"])
    made_by = "recipes/VisualVoiceActivity/prepare.py"
    clips = list(begin_with_clips(hparams, load_talking_clip, made_by).values())
    network = hparams["talking_network"]
    options = {name: hparams[name] for name in TALKING_OPTIONS}
    options["run_opts"] = run_opts
    llr_weights = UNCALIBRATED
    if hparams["num_folds"]:
        llr_weights = calibrate(clips, options, network, hparams["num_folds"])
    train_talking(clips, network, **options, folder=folder)
    save_model_folder(
        folder / "model",
        {"talking_network": network},
        {"llr_weights": llr_weights},
        f"# Visual voice activity\n\nTrained on {len(clips)} clips of {len({c.person for c in clips})} people.\n",
    )
