"""The trainer: SpeechBrain's Brain, with in-batch negatives and exact resume."""

import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import speechbrain as sb
import torch
from speechbrain.utils.checkpoints import mark_as_loader, mark_as_saver, register_checkpoint_hooks
from speechbrain.utils.distributed import main_process_only
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from pins_plugin.data.training.dataset import PairBatch
from pins_plugin.train.pairs.gather import num_processes
from pins_plugin.train.pairs.gradient_cache import backward_in_chunks, depends_on_chunks
from pins_plugin.utils.seeding import seed_everything

logger = logging.getLogger(__name__)
Scorer = Callable[[], dict[str, float]]


@register_checkpoint_hooks
class FaceVoiceBrain(sb.Brain):
    """Train a face encoder and a voice encoder on pairs.

    Needs the modules `face_encoder`, `voice_encoder` and `objective`; the hyperparameters `seed`,
    `epoch_counter`, `num_epochs`, `steps_per_epoch`, `learning_rate` (share of the run -> rate), `max_minutes` or None,
    `face_augmentation` and `voice_augmentation` or None, `chunk_size` or None; see `hparams/`.

    Every step seeds the random numbers anew from seed and step, so that a run that was stopped and resumed
    ends at the weights of one that was not.

    Parameters
    ----------
    scorer : callable, optional
        Scores the model after each epoch; the checkpoint with the highest "roc_auc" is kept.
    loggers : sequence of speechbrain TrainLogger
    """

    def __init__(
        self, *args: Any, scorer: Scorer | None = None, loggers: Any = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.scorer = scorer
        self.loggers = loggers
        self.seconds = 0.0
        self.history: list[dict[str, float]] = []
        self._started = time.monotonic()

    # -- the four hooks ----------------------------------------------------------------

    def compute_forward(self, batch: PairBatch, stage: sb.Stage) -> tuple[Tensor, Tensor]:
        """Embed both sides: two (batch, embedding_dim) Tensors."""
        faces, waveforms = self.prepare(batch)
        return self.modules.face_encoder(faces), self.modules.voice_encoder(waveforms)

    def compute_objectives(
        self, predictions: tuple[Tensor, Tensor], batch: PairBatch, stage: sb.Stage
    ) -> Tensor:
        """Compare all pairs of the global batch."""
        return self.modules.objective(*predictions)

    def on_stage_start(self, stage: sb.Stage, epoch: int = 1) -> None:
        """Set the hardness of the epoch."""
        if stage == sb.Stage.TRAIN:
            self.raw_objective.set_epoch(epoch - 1)

    def on_stage_end(self, stage: sb.Stage, stage_loss: float, epoch: int = 1) -> None:
        """Score, log, and save after each epoch."""
        if stage != sb.Stage.TRAIN:
            return
        self.modules.eval()
        scores = {} if self.scorer is None else main_process_only(self.scorer)()
        self._count_time()
        stats = {"epoch": epoch, "seconds": round(self.seconds, 1), "rate": self._rate()}
        if self.raw_objective.hardness is not None:
            stats["hardness"] = self.raw_objective.hardness
        if self.raw_objective.costly_share is not None:
            stats["costly_share"] = round(self.raw_objective.costly_share, 3)
        self.history.append({**stats, "loss": float(stage_loss), **scores})
        for logger in self.loggers:
            logger.log_stats(stats, train_stats={"loss": stage_loss}, valid_stats=scores or None)
        self.step = 0  # what is saved now is the end of an epoch
        self.avg_train_loss = 0.0
        if self.checkpointer is not None:
            self.checkpointer.keep_best_and_last(scores, max_keys=list(scores)[:1])

    # -- a step ------------------------------------------------------------------------

    def prepare(self, batch: PairBatch) -> tuple[Tensor, Tensor]:
        """Bring a batch to the device, to floats, and change it at random while training."""
        batch = batch.to(self.device)
        faces = batch.faces.float() / 255
        waveforms = batch.waveforms.float() / 32768
        if not self.modules.training:
            return faces, waveforms
        generator = torch.Generator().manual_seed(self._step_seed())
        share = (getattr(self, "rank", 0), num_processes())
        if self.hparams.face_augmentation is not None:
            faces = self.hparams.face_augmentation(faces, generator, *share)
        if self.hparams.voice_augmentation is not None:
            waveforms = self.hparams.voice_augmentation(waveforms, generator, *share)
        return faces, waveforms

    def on_fit_batch_start(self, batch: PairBatch, should_step: bool) -> None:
        """Seed the step and set its learning rate; end the run when its time is over."""
        seed_everything(self._step_seed())
        self._count_time()
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        if self._time_is_over():
            self.optimizer_step_limit = self.optimizer_step + 1

    def fit_batch(self, batch: PairBatch) -> Tensor:
        """Take one step; with `chunk_size`, in the memory of that many clips."""
        if not self.hparams.chunk_size:
            return super().fit_batch(batch)
        self.on_fit_batch_start(batch, True)
        if self.optimizer_step == 0:
            self._warn_of_chunks(len(batch.faces))
        faces, waveforms = self.prepare(batch)
        with self.training_ctx:
            loss = backward_in_chunks(
                [self.modules.face_encoder, self.modules.voice_encoder],
                [faces, waveforms],
                self.modules.objective,
                self.hparams.chunk_size,
            )
        self.check_loss_isfinite(loss)
        self.optimizers_step()
        return loss.detach().cpu()

    def _warn_of_chunks(self, batch_size: int) -> None:
        """Say so where gradient caching is not the same as one large batch."""
        chunk_size = self.hparams.chunk_size
        encoders = (self.modules.face_encoder, self.modules.voice_encoder)
        if chunk_size < batch_size and any(depends_on_chunks(encoder) for encoder in encoders):
            logger.warning(
                "chunk_size: batch normalization sees %d clips at a time, not %d; the negatives are "
                "those of the whole batch, but the gradients are not exactly those of one large batch",
                chunk_size,
                batch_size,
            )

    def init_optimizers(self) -> None:
        """Leave gains, offsets and the loss's scale out of weight decay."""
        trained = [weight for weight in self.modules.parameters() if weight.requires_grad]
        self.optimizer = self.opt_class(
            [
                {"params": [weight for weight in trained if weight.dim() > 1]},
                {"params": [weight for weight in trained if weight.dim() < 2], "weight_decay": 0.0},
            ]
        )
        self.optimizers_dict = {"optimizer": self.optimizer}
        if self.checkpointer is not None:
            self.checkpointer.add_recoverable("optimizer", self.optimizer)

    # -- start, resume, several processes ------------------------------------------------

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

    @property
    def raw_objective(self) -> Any:
        """The objective itself, wrapped or not."""
        return getattr(self.modules.objective, "module", self.modules.objective)

    # -- the clock -----------------------------------------------------------------------

    def _count_time(self) -> None:
        now = time.monotonic()
        self.seconds += now - self._started
        self._started = now

    def _time_is_over(self) -> bool:
        limit = self.hparams.max_minutes
        over = limit is not None and self.seconds > 60 * limit
        if num_processes() > 1 and limit is not None:  # all stop together
            decision = torch.tensor(int(over), device=self.device)
            torch.distributed.broadcast(decision, src=0)
            over = bool(decision)
        return over

    def _progress(self) -> float:
        """Share of the run that is over, by steps or by time, whichever is further."""
        steps = self.optimizer_step / (self.hparams.num_epochs * self.hparams.steps_per_epoch)
        limit = self.hparams.max_minutes
        return min(1.0, max(steps, 0.0 if limit is None else self.seconds / (60 * limit)))

    def _rate(self) -> float:
        return self.hparams.learning_rate(self._progress())

    def _step_seed(self) -> int:
        state = np.random.SeedSequence([self.hparams.seed, self.optimizer_step, self.step])
        return int(state.generate_state(1)[0])

    @mark_as_saver
    def _save(self, path: Any) -> None:
        self._count_time()
        state = {
            "step": self.step,
            "avg_train_loss": float(self.avg_train_loss),
            "optimizer_step": self.optimizer_step,
            "seconds": self.seconds,
            "history": self.history,
        }
        torch.save(state, path)

    @mark_as_loader
    def _recover(self, path: Any, end_of_epoch: bool) -> None:
        state = torch.load(path, weights_only=True)
        for name, value in state.items():
            setattr(self, name, value)
