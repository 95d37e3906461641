"""Joint training of a face encoder and a voice encoder from talking-face clips, without identities."""

import atexit
import dataclasses
import gc
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import speechbrain as sb
import torch
from speechbrain.dataio.dataloader import SaveableDataLoader
from speechbrain.utils.epoch_loop import EpochCounter
from speechbrain.utils.run_opts import RunOptions
from torch import distributed

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.training.dataset import RandomCrop, collate_pairs, make_pair_dataset
from pins_plugin.data.training.shards import ClipShards, prepare_shards
from pins_plugin.data.training.tar_shards import is_shard_address
from pins_plugin.errors import ExperimentError, ManifestError
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.samplers.different_videos import DifferentVideosSampler
from pins_plugin.train.checkpoints import WholeCheckpointer
from pins_plugin.train.experiment import module_config
from pins_plugin.train.logs import make_loggers
from pins_plugin.train.pairs.brain import FaceVoiceBrain
from pins_plugin.train.pairs.shard_training import ShardedClips
from pins_plugin.train.pairs.validation import ValidationScorer
from pins_plugin.train.run_record import begin_run, data_key
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_json

ENCODERS = ("face_encoder", "voice_encoder")
logger = logging.getLogger(__name__)


def train_talking_heads(hparams: dict[str, Any], run_opts: Any = None) -> list[dict[str, float]]:
    """Train as the YAML says, resume where a former run stopped, and write a model folder.

    Parameters
    ----------
    hparams : dict
        From `load_experiment`; see `hparams/talking_heads.yaml`.
    run_opts : speechbrain RunOptions or dict, optional

    Returns
    -------
    history : list of dict
        Loss and scores after each epoch; also written to `history.json` in the output folder.
    """
    run_opts = start_processes(run_opts)
    output = Path(hparams["output_folder"])
    sharded = is_shard_address(hparams["manifest"])
    clips = ShardedClips(hparams) if sharded else ListedClips(hparams)
    begin_run(output, hparams, clips.key)
    modules = {name: hparams[name] for name in (*ENCODERS, "objective")}
    for name, load in (hparams["starting_weights"] or {}).items():
        load(modules[name])  # before hours of decoding, so that missing weights are told at once
    loader, told = clips.make_loader()
    counter = EpochCounter(hparams["num_epochs"])
    with_state = {name: module for name, module in modules.items() if module.state_dict()}
    checkpointer = WholeCheckpointer(
        output / "checkpoints", {**with_state, "counter": counter, "loader": loader}
    )
    settings = {**hparams, "epoch_counter": counter, "steps_per_epoch": len(told[0])}
    scorer = clips.make_scorer()
    brain = FaceVoiceBrain(
        modules=modules,
        opt_class=hparams["optimizer"],
        hparams=settings,
        run_opts=run_opts,
        checkpointer=checkpointer,
        scorer=scorer,
        loggers=make_loggers(output, hparams["num_epochs"]),
    )
    brain.train_sampler = _Epochs(*told)
    brain.fit(counter, loader, progressbar=sys.stderr.isatty() and not brain.noprogressbar)
    history = list(brain.history)  # the best checkpoint's own ends at its epoch
    if sb.utils.distributed.if_main_process():
        write_json(output / "history.json", history)
        checkpointer.recover_whole(max_key="roc_auc" if brain.scorer else None)
        brain.modules.eval()
        calibration = scorer.calibrate() if scorer else None
        _save_model(output / "model", modules, hparams, history, calibration)
    return history


def start_processes(run_opts: Any = None) -> Any:
    """Join the other processes of a `torchrun`; on CPUs they talk through gloo."""
    if run_opts is None or isinstance(run_opts, dict):
        run_opts = RunOptions.from_dictionary(run_opts or {})
    if "cuda" in (run_opts.device or "") and not torch.cuda.is_available():
        raise ExperimentError(f"--device {run_opts.device}: torch finds no GPU; use --device cpu")
    local_rank = sb.utils.distributed.get_local_rank()
    if local_rank is None or distributed.is_initialized():
        return run_opts
    if run_opts.device == "cpu" or not torch.cuda.is_available():
        device, backend = "cpu", "gloo"
    else:
        device, backend = f"cuda:{local_rank}", "nccl"
    run_opts = dataclasses.replace(
        run_opts,
        device=device,
        distributed_backend=backend,
        overridden_args={*run_opts.overridden_args, "device", "distributed_backend"},
    )
    sb.utils.distributed.ddp_init_group(run_opts)
    atexit.register(_leave)
    return run_opts


def _leave() -> None:
    """Let go of the other processes: threads that are still theirs at the very end can abort this one."""
    gc.collect()  # models hold on to the group
    distributed.destroy_process_group()


class _Epochs:
    """Tells everything that draws at random which epoch it is."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def set_epoch(self, epoch: int) -> None:
        for part in self.parts:
            part.set_epoch(epoch)


def _parts(
    train: list[TalkingFaceClip], valid: list[TalkingFaceClip]
) -> Iterator[tuple[str, Path]]:
    """What the training depends on; of people, only those for validation are known to it."""
    for clip in (*train, *valid):
        who = clip.identity if clip.split == "valid" else ""
        name = f"{clip.clip_id} {clip.video} {clip.split} {who}"
        yield f"{name} faces", clip.faces
        yield f"{name} sound", clip.audio


class ListedClips:
    """What is trained on and scored by, from a manifest: clips that are decoded into a cache first.

    Parameters
    ----------
    hparams : dict
    """

    def __init__(self, hparams: dict[str, Any]) -> None:
        self.hparams = hparams
        self.train = read_manifest(hparams["manifest"], "train")
        self.valid = [clip for clip in read_manifest(hparams["manifest"]) if clip.split == "valid"]
        self.key = data_key(_parts(self.train, self.valid))

    def make_loader(self) -> tuple[SaveableDataLoader, list[Any]]:
        """Give the loader, and what is told which epoch it is, the first of which knows the number of batches."""
        shards = _decode(self.train, self.hparams)
        crop = RandomCrop(shards, self.hparams["seconds"], self.hparams["seed"])
        loader, sampler = _make_loader(self.train, crop, self.hparams)
        return loader, [sampler, crop]

    def make_scorer(self) -> ValidationScorer | None:
        """Score on the clips of split valid, where there are any."""
        return _make_scorer(self.valid, self.hparams)


def _decode(clips: list[TalkingFaceClip], hparams: dict[str, Any]) -> ClipShards:
    """Decode on the main process first, then open everywhere."""

    def prepare() -> ClipShards:
        return prepare_shards(
            clips,
            hparams["cache_folder"],
            image_size=hparams["image_size"],
            num_frames=hparams["frames_per_clip"],
            max_seconds=hparams["max_clip_seconds"],
            read_faces=hparams["read_faces"],
        )

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


def _make_loader(
    clips: list[TalkingFaceClip], crop: RandomCrop, hparams: dict[str, Any]
) -> tuple[SaveableDataLoader, DifferentVideosSampler]:
    dataset = make_pair_dataset(clips, crop)
    used = [clip for index, clip in enumerate(clips) if index not in crop.shards.skipped]
    several = distributed.is_initialized()
    sampler = DifferentVideosSampler(
        [clip.video for clip in used],
        hparams["batch_size"],
        hparams["seed"],
        rank=distributed.get_rank() if several else 0,
        num_processes=distributed.get_world_size() if several else 1,
    )
    loader = SaveableDataLoader(
        dataset,
        batch_sampler=sampler,
        collate_fn=collate_pairs,
        num_workers=hparams["num_workers"],
        pin_memory=torch.cuda.is_available(),
    )
    return loader, sampler


def _make_scorer(clips: list[TalkingFaceClip], hparams: dict[str, Any]) -> ValidationScorer | None:
    if not clips:
        logger.warning("the manifest has no split 'valid': the last epoch is kept, not the best")
        return None
    if len({clip.identity or clip.video for clip in clips}) < 2:
        raise ManifestError("split 'valid': expected at least two people, got one")
    return ValidationScorer(
        clips,
        _decode(clips, hparams),
        hparams["face_encoder"],
        hparams["voice_encoder"],
        hparams["seconds"],
    )


def _save_model(
    folder: Path,
    modules: dict[str, Any],
    hparams: dict[str, Any],
    history: list[dict[str, float]],
    calibration: dict[str, float] | None,
) -> None:
    best = max(history, key=lambda entry: entry.get("roc_auc", 0.0), default={})
    save_model_folder(
        folder,
        {name: modules[name] for name in ENCODERS},
        {name: _config_of(modules[name], hparams, name) for name in ENCODERS},
        {
            "image_size": hparams["image_size"],
            **({"faces": hparams["faces"]} if "faces" in hparams else {}),
            "seconds": hparams["seconds"],
            "seed": hparams["seed"],
            "validation": {name: best[name] for name in ("epoch", "roc_auc") if name in best},
            "calibration": calibration,
        },
        _card(hparams, best),
    )


def _config_of(module: Any, hparams: dict[str, Any], name: str) -> tuple[str, dict[str, Any]]:
    """How the YAML made a module; one that was made from a file tells it itself when it is saved."""
    if hasattr(module, "saved_arguments"):
        return "", {}
    return module_config(hparams["resolved_yaml"], name)


def _card(hparams: dict[str, Any], best: dict[str, float]) -> str:
    auc = best.get("roc_auc")
    score = "not measured" if auc is None else f"{auc:.3f} (chance 0.500)"
    return f"""# Face and voice embeddings

One space for a person's face and voice: `FaceVoiceEmbedder.from_hparams(source=...)`.

* **Intended use**: to say which of the faces and voices of one recording go together, and research into what faces
  and voices share. Not to identify people without their consent, and not to decide about anybody.
* **Data**: the clips of `{Path(hparams["manifest"]).name}`; trained without identity labels, on the pairing of face and voice alone.
* **Licence**: of these weights, yours to choose, as far as the licence of the clips allows.
* **Measured while training**: ROC AUC, face against voice, people of split "valid": {score}.
* **Limits**: it knows people like those it was trained on, and no others; what it hears in a voice is gender and age above
  all. It was not tried on disguised faces or voices.
"""
