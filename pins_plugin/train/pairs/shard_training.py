"""Training from tar shards: where a manifest would be, the address of a folder or of object storage."""

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from speechbrain.utils.checkpoints import mark_as_loader, mark_as_saver, register_checkpoint_hooks
from torch import distributed
from torch.utils.data import DataLoader

from pins_plugin.data.training.dataset import PairBatch
from pins_plugin.data.training.tar_shards import ClipForm, HeldClips, read_index
from pins_plugin.errors import ExperimentError
from pins_plugin.samplers.shard_batches import ShardBatches
from pins_plugin.train.pairs.validation import ValidationScorer, too_few_people

logger = logging.getLogger(__name__)


@register_checkpoint_hooks
class ShardLoader(DataLoader):  # type: ignore[misc]
    """Loads the batches of shards; its place within an epoch is part of a checkpoint.

    Parameters
    ----------
    batches : ShardBatches
    num_workers : int
    """

    def __init__(self, batches: ShardBatches, num_workers: int = 0) -> None:
        super().__init__(
            batches,
            batch_size=None,
            num_workers=num_workers,
            pin_memory=torch.cuda.is_available(),
        )
        self._given = self._resumed = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        self.dataset.set_epoch(epoch)

    def __iter__(self) -> Iterator[PairBatch]:
        """Load, from where a former run stopped."""
        self.dataset.done = self._given = self._resumed
        self._resumed = 0
        for batch in super().__iter__():
            self._given += 1
            yield batch
        self._given = 0

    def _readers(self) -> int:
        return int(self.dataset.num_processes * self.dataset.workers)

    @mark_as_saver
    def _save(self, path: Any) -> None:
        state = {"given": self._given, "readers": self._readers()}
        Path(path).write_text(json.dumps(state), encoding="utf-8")

    @mark_as_loader
    def _recover(self, path: Any, end_of_epoch: bool) -> None:
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        if end_of_epoch or not state["given"]:
            return
        if state["readers"] != self._readers():
            raise ExperimentError(
                f"the run was stopped within an epoch that {state['readers']} readers shared; expected as many (processes x "
                f"num_workers), got {self._readers()}"
            )
        self._resumed = state["given"]


def form_of(hparams: dict[str, Any]) -> ClipForm:
    """How the clips of an experiment are decoded."""
    return ClipForm(
        hparams["image_size"],
        hparams["frames_per_clip"],
        hparams["max_clip_seconds"],
        hparams["read_faces"],
    )


class ShardedClips:
    """What `train_talking_heads` trains on and is scored by, from shards with splits train and valid.

    Parameters
    ----------
    hparams : dict
        "manifest" is the address.
    """

    def __init__(self, hparams: dict[str, Any]) -> None:
        self.hparams = hparams
        self.address = str(hparams["manifest"])
        self.form = form_of(hparams)
        shards = read_index(self.address)["shards"]
        self.splits = {shard["split"] for shard in shards}
        known = [
            {**shard, "people": []} for shard in shards
        ]  # who they are, training does not know
        self.key = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:20]

    def make_loader(self) -> ShardLoader:
        """Give what loads the batches of training."""
        several, hparams = distributed.is_initialized(), self.hparams
        batches = ShardBatches(
            self.address,
            hparams["batch_size"],
            hparams["seconds"],
            self.form,
            seed=hparams["seed"],
            rank=distributed.get_rank() if several else 0,
            num_processes=distributed.get_world_size() if several else 1,
            num_workers=hparams["num_workers"],
        )
        return ShardLoader(batches, hparams["num_workers"])

    def make_scorer(self) -> ValidationScorer | None:
        """Score on the clips of split valid, which are held in memory."""
        if "valid" not in self.splits:
            logger.warning("the shards have no split 'valid': the last epoch is kept, not the best")
            return None
        held = HeldClips(self.address, "valid", self.form)
        if too_few_people(held.clips):
            return None
        encoders = self.hparams["face_encoder"], self.hparams["voice_encoder"]
        return ValidationScorer(held.clips, held, *encoders, self.hparams["seconds"])
