"""The one training loop: SpeechBrain's Brain with a rate for every step, scores, logs, and resume from any moment."""

import json
import logging
import math
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import speechbrain as sb
import torch
from speechbrain.utils.checkpoints import mark_as_loader, mark_as_saver, register_checkpoint_hooks
from speechbrain.utils.distributed import if_main_process, main_process_only
from speechbrain.utils.epoch_loop import EpochCounter
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from pins_plugin.data.training.stretches import DrawnBatches
from pins_plugin.errors import ExperimentError
from pins_plugin.train.checkpoints import WholeCheckpointer
from pins_plugin.train.logs import make_loggers

Scorer = Callable[[], dict[str, float]]
LossOf = Callable[["TrainingBrain", Any], torch.Tensor]
"""``loss_of(brain, batch)``: what `brain.modules` are to minimize on a batch, () Tensor."""


@register_checkpoint_hooks
class TrainingBrain(sb.Brain):
    """What all trainings have in common.

    Hyperparameters: `loss_of` (see `LossOf`) where `compute_forward` and `compute_objectives` are not overridden, `epoch_counter`,
    `num_steps`, `learning_rate` (share of the run that is over -> rate), `max_minutes` or None, `patience` (epochs without a
    better score before the run ends) or None, and SpeechBrain's run options where a training has its own defaults.

    A run that was stopped and resumed ends at the weights of one that was not: a checkpoint holds the random numbers' state,
    and the loader its place within the epoch.

    Parameters
    ----------
    scorer : callable, optional
        Scores the model after each epoch.
    best_by : str, optional
        The score whose highest checkpoint is kept beside the last one; of equals the latest.
    """

    max_grad_norm: float

    def __init__(
        self,
        *args: Any,
        scorer: Scorer | None = None,
        best_by: str | None = None,
        loggers: Any = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if self.max_grad_norm < 0:  # no limit, says SpeechBrain, and then climbs
            self.max_grad_norm = math.inf
        self.scorer = scorer
        self.best_by = best_by
        self.loggers = loggers
        self.seconds = 0.0
        self.history: list[dict[str, float]] = []
        self._started = time.monotonic()

    def stats(self) -> dict[str, float]:
        """What else is logged of an epoch."""
        return {}

    def parameter_groups(self) -> Any:
        """What the optimizer is given."""
        return [weight for weight in self.modules.parameters() if weight.requires_grad]

    # -- an epoch, a step ----------------------------------------------------------------

    def compute_forward(self, batch: Any, stage: sb.Stage) -> Any:
        """Give what is to be minimized."""
        return self.hparams.loss_of(self, batch)

    def compute_objectives(self, predictions: Any, batch: Any, stage: sb.Stage) -> torch.Tensor:
        """Take it as it is."""
        return predictions

    def on_stage_end(self, stage: sb.Stage, stage_loss: float, epoch: int = 1) -> None:
        """Score, log, and save after each epoch."""
        if stage != sb.Stage.TRAIN:
            return
        self.modules.eval()
        scores = {} if self.scorer is None else main_process_only(self.scorer)()
        self._count_time()
        stats = {"epoch": epoch, "seconds": round(self.seconds, 1), "rate": self._rate()}
        stats |= self.stats()
        self.history.append({**stats, "loss": float(stage_loss), **scores})
        for logger in self.loggers:
            logger.log_stats(stats, train_stats={"loss": stage_loss}, valid_stats=scores or None)
        self.step = 0  # what is saved now is the end of an epoch
        self.avg_train_loss = 0.0
        if self.checkpointer is not None:
            ranks = {name: score + 1e-9 * epoch for name, score in scores.items()}
            best = [self.best_by] if self.best_by else []  # beside the one that is saved now
            self.checkpointer.save_and_keep_only(
                meta=ranks, max_keys=best, importance_keys=[], verbosity=logging.DEBUG
            )
        self._end_if_stale()

    def on_fit_batch_start(self, batch: Any, should_step: bool) -> None:
        """Set the learning rate of the step; end the run when its time is over."""
        self._count_time()
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        if self._time_is_over():
            self.optimizer_step_limit = self.optimizer_step + 1

    # -- start, resume, several processes ------------------------------------------------

    def init_optimizers(self) -> None:
        """Make the optimizer."""
        self.optimizer = self.opt_class(self.parameter_groups())
        self.optimizers_dict = {"optimizer": self.optimizer}
        if self.checkpointer is not None:
            self.checkpointer.add_recoverable("optimizer", self.optimizer)

    def on_fit_start(self) -> None:
        """Compile, wrap, make the optimizer, resume."""
        self._compile()
        self._wrap_distributed()
        self.init_optimizers()
        if self.checkpointer is not None:
            self.checkpointer.recover_whole()
        self._started = time.monotonic()
        if self._time_is_over():  # a finished run that was started again
            self.hparams.epoch_counter.limit = self.hparams.epoch_counter.current
        self._end_if_stale()

    def _wrap_distributed(self) -> None:
        """Wrap for several processes; our batch normalization shares its statistics by itself."""
        if not self.distributed_launch:
            return
        device_ids = None if self.device_type == "cpu" else [torch.device(self.device)]
        for name, module in self.modules.items():
            if any(weight.requires_grad for weight in module.parameters()):
                if self.device_type != "cpu":  # for the batch normalization of other libraries
                    module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
                self.modules[name] = DistributedDataParallel(module, device_ids=device_ids)

    def _end_if_stale(self) -> None:
        """End the run after `patience` epochs without a better score."""
        scores = [entry[self.best_by] for entry in self.history if self.best_by in entry]
        since_best = len(scores) - 1 - scores.index(max(scores)) if scores else 0
        if self.hparams.patience is not None and since_best >= self.hparams.patience:
            self.hparams.epoch_counter.limit = self.hparams.epoch_counter.current

    # -- the clock -----------------------------------------------------------------------

    def _count_time(self) -> None:
        now = time.monotonic()
        self.seconds += now - self._started
        self._started = now

    def _time_is_over(self) -> bool:
        limit = self.hparams.max_minutes
        over = limit is not None and self.seconds > 60 * limit
        if limit is not None and torch.distributed.is_initialized():  # all stop together
            decision = torch.tensor(int(over), device=self.device)
            torch.distributed.broadcast(decision, src=0)
            over = bool(decision)
        return over

    def _progress(self) -> float:
        """Share of the run that is over, by steps or by time, whichever is further."""
        steps = self.optimizer_step / self.hparams.num_steps
        limit = self.hparams.max_minutes
        return min(1.0, max(steps, 0.0 if limit is None else self.seconds / (60 * limit)))

    def _rate(self) -> float:
        return self.hparams.learning_rate(self._progress())

    @mark_as_saver
    def _save(self, path: Any) -> None:
        self._count_time()
        state = {
            "step": self.step,
            "avg_train_loss": float(self.avg_train_loss),
            "optimizer_step": self.optimizer_step,
            "seconds": self.seconds,
            "history": self.history,
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state_all(),
        }
        torch.save(state, path)

    @mark_as_loader
    def _recover(self, path: Any, end_of_epoch: bool) -> None:
        state = torch.load(path, weights_only=True)
        torch.set_rng_state(state.pop("random"))
        if len(gpus := state.pop("random_gpu")) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(gpus)
        for name, value in state.items():
            setattr(self, name, value)


@register_checkpoint_hooks
class ResumableLoader(DataLoader):  # type: ignore[misc]
    """Loads batches; its place within an epoch is part of a checkpoint.

    Parameters
    ----------
    dataset : dataset
        Iterable, or such that ``dataset[drawn]`` is the batch of what `sampler` draws. Epoch (`set_epoch`) and seed say
        what it gives.
    sampler : iterable, optional
    generator : torch.Generator, optional
        What the seed of workers is drawn from in each epoch, with or without workers; by default the global random numbers,
        which dropout draws from as well.

    The one of both that is iterated over has `done`, how many batches it passes over, `__len__`, and perhaps
    `num_readers`, which `done` depends on.
    """

    def __init__(
        self,
        dataset: Any,
        sampler: Any = None,
        num_workers: int = 0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(
            dataset,
            batch_size=None,
            sampler=sampler,
            num_workers=num_workers,
            pin_memory=torch.cuda.is_available(),
            generator=generator,
        )
        self.drawn = dataset if sampler is None else sampler
        self.given = self.passed_over = 0

    def set_epoch(self, epoch: int) -> None:
        """Load what belongs to this epoch."""
        for part in {self.dataset, self.drawn}:
            part.set_epoch(epoch)

    def __iter__(self) -> Any:
        """Load, from where a former run stopped."""
        state = torch.get_rng_state()
        self.drawn.done = self.given = self.passed_over
        self.passed_over = 0
        iterator = super().__iter__()
        if self.given:  # as if nothing had happened meanwhile
            torch.set_rng_state(state)
        for batch in iterator:
            self.given += 1
            yield batch
        self.given = 0

    def _num_readers(self) -> int:
        return int(getattr(self.drawn, "num_readers", 1))

    @mark_as_saver
    def _save(self, path: Any) -> None:
        state = {"given": self.given, "readers": self._num_readers()}
        Path(path).write_text(json.dumps(state), encoding="utf-8")

    @mark_as_loader
    def _recover(self, path: Any, end_of_epoch: bool) -> None:
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        self.passed_over = 0 if end_of_epoch else state["given"]
        if self.passed_over and state["readers"] != self._num_readers():
            raise ExperimentError(
                f"the run was stopped within an epoch that {state['readers']} readers shared; expected as many (processes x "
                f"num_workers), got {self._num_readers()}"
            )


def run_training(
    brain_class: type[TrainingBrain],
    modules: Mapping[str, nn.Module],
    loader: Any,
    hparams: Mapping[str, Any],
    *,
    optimizer: Callable[..., torch.optim.Optimizer],
    num_epochs: int,
    folder: str | Path | None = None,
    run_opts: Any = None,
    scorer: Scorer | None = None,
    best_by: str | None = None,
    quiet: bool = False,
) -> list[dict[str, float]]:
    """Train modules in place, from where a former run in the same folder stopped, and leave them at their best.

    Parameters
    ----------
    hparams : mapping
        What the Brain needs, see there.
    optimizer : callable
        Makes the optimizer of parameters.
    folder : str or Path, optional
        Of the run: `checkpoints/`, `train_log.txt`, `tensorboard/`. Without one nothing is left.
    run_opts : speechbrain RunOptions or dict, optional
    scorer : callable, optional
        Scores the model after each epoch.
    best_by : str, optional
        The score by which the best epoch is chosen; without it the last one stays.
    quiet : bool
        Nothing on the screen.

    Returns
    -------
    history : list of dict
        Loss and scores after each epoch, those of earlier runs included.
    """
    with tempfile.TemporaryDirectory() as nowhere:
        counter = EpochCounter(num_epochs)
        with_state = {name: module for name, module in modules.items() if module.state_dict()}
        place = Path(nowhere) if folder is None else Path(folder)
        checkpointer = None
        if folder is not None or best_by is not None:
            checkpointer = WholeCheckpointer(
                place / "checkpoints", {**with_state, "counter": counter, "loader": loader}
            )
        brain = brain_class(
            modules=modules,
            opt_class=optimizer,
            hparams={"max_minutes": None, "patience": None, **hparams, "epoch_counter": counter},
            run_opts=run_opts,
            checkpointer=checkpointer,
            scorer=scorer,
            best_by=best_by,
            loggers=() if folder is None else make_loggers(place, num_epochs, quiet),
        )
        brain.train_sampler = loader
        shown = sys.stderr.isatty() and not quiet and not brain.noprogressbar
        brain.fit(counter, loader, progressbar=shown)
        history = list(brain.history)  # the best checkpoint's own ends at its epoch
        if best_by is not None and checkpointer is not None and if_main_process():
            checkpointer.recover_whole(max_key=best_by)
        brain.modules.eval()
        return history


def train_steps(
    loss_of: LossOf,
    modules: Mapping[str, nn.Module],
    batches: DrawnBatches,
    num_steps: int,
    learning_rate: Callable[[float], float],
    weight_decay: float = 0.01,
    *,
    max_grad_norm: float = -1,
    patience: int | None = None,
    generator: torch.Generator | None = None,
    **options: Any,
) -> list[dict[str, float]]:
    """Train modules in place by AdamW on batches that are drawn.

    Parameters
    ----------
    loss_of : callable
        See `LossOf`.
    batches : DrawnBatches
        Their length is that of an epoch, after which is scored, logged and saved.
    learning_rate : callable
        Share of the run that is over -> rate, see `train.learning_rate`.
    max_grad_norm : float
        Gradients are clipped to it; -1 for no limit.
    patience
        As in `TrainingBrain`.
    generator
        As in `ResumableLoader`.
    modules, **options
        As in `run_training`.

    Returns
    -------
    history : list of dict
        Loss and scores after each epoch.
    """
    return run_training(
        TrainingBrain,
        modules,
        ResumableLoader(batches, generator=generator),
        {
            "num_steps": num_steps,
            "learning_rate": learning_rate,
            "max_grad_norm": max_grad_norm,
            "patience": patience,
            "loss_of": loss_of,
        },
        optimizer=partial(torch.optim.AdamW, weight_decay=weight_decay),
        num_epochs=-(-num_steps // len(batches)),
        **options,
    )
