"""Training on pairs: in-batch negatives, augmentation on the device, gradient caching."""

import logging
from typing import Any

import numpy as np
import speechbrain as sb
import torch
from torch import Tensor

from pins_plugin.data.training.dataset import PairBatch
from pins_plugin.train.loop import TrainingBrain
from pins_plugin.train.pairs.gather import num_processes
from pins_plugin.train.pairs.gradient_cache import backward_in_chunks, depends_on_chunks
from pins_plugin.utils.seeding import seed_everything

logger = logging.getLogger(__name__)


class FaceVoiceBrain(TrainingBrain):
    """Train a face encoder and a voice encoder on pairs.

    Needs the modules `face_encoder`, `voice_encoder` and `objective`; besides what `TrainingBrain` needs, the
    hyperparameters `seed`, `face_augmentation` and `voice_augmentation` or None, `chunk_size` or None; see `hparams/`.

    Every step seeds the random numbers anew from seed and step, so that processes which share a batch draw alike.
    """

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

    def stats(self) -> dict[str, float]:
        """The hardness of the epoch, and the share of pairs that cost something."""
        found = {"hardness": self.raw_objective.hardness}
        if self.raw_objective.costly_share is not None:
            found["costly_share"] = round(self.raw_objective.costly_share, 3)
        return {name: value for name, value in found.items() if value is not None}

    def parameter_groups(self) -> Any:
        """Leave gains, offsets and the loss's scale out of weight decay."""
        trained = super().parameter_groups()
        return [
            {"params": [weight for weight in trained if weight.dim() > 1]},
            {"params": [weight for weight in trained if weight.dim() < 2], "weight_decay": 0.0},
        ]

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
        """Seed the step."""
        seed_everything(self._step_seed())
        super().on_fit_batch_start(batch, should_step)

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

    @property
    def raw_objective(self) -> Any:
        """The objective itself, wrapped or not."""
        return getattr(self.modules.objective, "module", self.modules.objective)

    def _step_seed(self) -> int:
        state = np.random.SeedSequence([self.hparams.seed, self.optimizer_step, self.step])
        return int(state.generate_state(1)[0])
