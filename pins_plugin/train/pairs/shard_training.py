"""Training from tar shards: where a manifest would be, the address of a folder or of object storage."""

import hashlib
import json
import logging
from typing import Any

from torch import distributed

from pins_plugin.data.training.tar_shards import HeldClips, read_index
from pins_plugin.samplers.shard_batches import ShardBatches
from pins_plugin.train.loop import ResumableLoader
from pins_plugin.train.pairs.listed_clips import form_of
from pins_plugin.train.pairs.validation import ValidationScorer, too_few_people

logger = logging.getLogger(__name__)


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

    def make_loader(self) -> ResumableLoader:
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
        return ResumableLoader(batches, num_workers=hparams["num_workers"])

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
