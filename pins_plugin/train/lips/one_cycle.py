"""How networks that look at lips are trained: AdamW, and one cycle of the rate."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from pins_plugin.data.training.stretches import DrawnBatches
from pins_plugin.train.learning_rate import OneCycle
from pins_plugin.train.loop import LossOf, ResumableLoader, TrainingBrain, run_training

ONE_CYCLE = {"warmup": 0.2, "end": 1e-4, "start": 0.04}


def train_one_cycle(
    loss_of: LossOf,
    modules: Mapping[str, nn.Module],
    batches: DrawnBatches,
    num_steps: int,
    learning_rate: float,
    weight_decay: float,
    max_grad_norm: float = 1.0,
    **options: Any,
) -> list[dict[str, float]]:
    """Train modules in place.

    Parameters
    ----------
    loss_of : callable
        See `train.loop.LossOf`.
    modules
        As in `run_training`.
    learning_rate : float
        The highest.
    max_grad_norm : float
        Gradients are clipped to it; -1 for no limit.
    **options
        `folder`, `run_opts`, `scorer`, `best_by`, `quiet` of `run_training`.

    Returns
    -------
    history : list of dict
        Loss and scores after each epoch.
    """
    return run_training(
        TrainingBrain,
        modules,
        ResumableLoader(batches),
        {
            "num_steps": num_steps,
            "learning_rate": OneCycle(learning_rate, **ONE_CYCLE),
            "max_grad_norm": max_grad_norm,
            "loss_of": loss_of,
        },
        optimizer=partial(torch.optim.AdamW, weight_decay=weight_decay),
        num_epochs=-(-num_steps // len(batches)),
        **options,
    )
