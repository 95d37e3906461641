"""Clips, of a manifest or out of tar shards, as batches for training, and as what it is scored by."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import speechbrain as sb
from torch import distributed

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.training.dataset import DecodedClips, PairDataset
from pins_plugin.data.training.shards import ClipForm, ClipShards, prepare_shards
from pins_plugin.data.training.tar_shards import HeldClips, read_index
from pins_plugin.samplers.different_videos import DifferentVideosSampler
from pins_plugin.samplers.shard_batches import ShardBatches
from pins_plugin.train.loop import ResumableLoader
from pins_plugin.train.pairs.validation import ValidationScorer, too_few_people
from pins_plugin.train.run_record import data_key
from pins_plugin.types import TalkingFaceClip

logger = logging.getLogger(__name__)


class ListedClips:
    """What is trained on and scored by, from a manifest: clips that are decoded into a cache first."""

    def __init__(self, hparams: dict[str, Any]) -> None:
        self.hparams = hparams
        self.train = read_manifest(hparams["manifest"], "train")
        self.valid = validation_clips(hparams["manifest"])
        self.key = data_key(_parts(self.train, self.valid))

    def make_loader(self) -> ResumableLoader:
        """Give what loads the batches of training."""
        hparams = self.hparams
        shards = decode_clips(self.train, hparams)
        dataset = PairDataset(shards, hparams["seconds"], hparams["seed"])
        videos = [self.train[position].video for position in dataset.positions]
        sampler = DifferentVideosSampler(
            videos, hparams["batch_size"], hparams["seed"], **_processes()
        )
        return ResumableLoader(dataset, sampler, hparams["num_workers"])

    def make_scorer(self) -> ValidationScorer | None:
        """Score on the clips of split valid, where there are any."""
        if too_few_people(self.valid):
            return None
        return _scorer(self.valid, decode_clips(self.valid, self.hparams), self.hparams)


class ShardedClips:
    """What is trained on and scored by, from tar shards with splits train and valid.

    Parameters
    ----------
    hparams : dict
        "manifest" is their address: of a folder, or of object storage.
    """

    def __init__(self, hparams: dict[str, Any]) -> None:
        self.hparams = hparams
        self.address, self.form = str(hparams["manifest"]), form_of(hparams)
        shards = read_index(self.address)["shards"]
        self.splits = {shard["split"] for shard in shards}
        known = [{**shard, "people": []} for shard in shards]  # training does not know who they are
        self.key = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:20]

    def make_loader(self) -> ResumableLoader:
        """Give what loads the batches of training."""
        hparams = self.hparams
        batches = ShardBatches(
            self.address,
            hparams["batch_size"],
            hparams["seconds"],
            self.form,
            seed=hparams["seed"],
            num_workers=hparams["num_workers"],
            **_processes(),
        )
        return ResumableLoader(batches, num_workers=hparams["num_workers"])

    def make_scorer(self) -> ValidationScorer | None:
        """Score on the clips of split valid, which are held in memory."""
        if "valid" not in self.splits:
            logger.warning("the shards have no split 'valid': the last epoch is kept, not the best")
            return None
        held = HeldClips(self.address, "valid", self.form)
        return None if too_few_people(held.clips) else _scorer(held.clips, held, self.hparams)


def _parts(
    train: list[TalkingFaceClip], valid: list[TalkingFaceClip]
) -> Iterator[tuple[str, Path]]:
    """What the training depends on; of people, only those for validation are known to it."""
    for clip in (*train, *valid):
        who = clip.identity if clip.split == "valid" else ""
        name = f"{clip.clip_id} {clip.video} {clip.split} {who}"
        yield f"{name} faces", clip.faces
        yield f"{name} sound", clip.audio


def _processes() -> dict[str, int]:
    """Which process this is, of how many that train together."""
    if not distributed.is_initialized():
        return {"rank": 0, "num_processes": 1}
    return {"rank": distributed.get_rank(), "num_processes": distributed.get_world_size()}


def _scorer(
    clips: Sequence[TalkingFaceClip], decoded: DecodedClips, hparams: dict[str, Any]
) -> ValidationScorer:
    encoders = hparams["face_encoder"], hparams["voice_encoder"]
    return ValidationScorer(clips, decoded, *encoders, hparams["seconds"])


def form_of(hparams: dict[str, Any]) -> ClipForm:
    """How the clips of an experiment are decoded."""
    return ClipForm(
        hparams["image_size"],
        hparams["frames_per_clip"],
        hparams["max_clip_seconds"],
        hparams["read_faces"],
    )


def validation_clips(manifest: str | Path) -> list[TalkingFaceClip]:
    """Clips of the validation split; none where the manifest has none."""
    return [clip for clip in read_manifest(manifest) if clip.split == "valid"]


def decode_clips(clips: list[TalkingFaceClip], hparams: dict[str, Any]) -> ClipShards:
    """Decode on the main process first, then open everywhere; what was decoded before is only opened."""

    def prepare() -> ClipShards:
        return prepare_shards(clips, hparams["cache_folder"], form_of(hparams))

    sb.utils.distributed.run_on_main(prepare)
    shards = prepare()
    if shards.skipped:
        logger.warning(
            "%d of %d clips could not be read and are left out; the first: %s",
            len(shards.skipped),
            len(clips),
            next(iter(shards.skipped.values())),
        )
    return shards
