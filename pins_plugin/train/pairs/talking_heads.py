"""Joint training of a face encoder and a voice encoder from talking-face clips, without identities."""

import atexit
import dataclasses
import gc
import logging
from pathlib import Path
from typing import Any

import speechbrain as sb
import torch
from speechbrain.utils.run_opts import RunOptions
from torch import distributed

from pins_plugin.data.training.tar_shards import is_shard_address
from pins_plugin.errors import ExperimentError
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.train.loop import run_training
from pins_plugin.train.pairs.brain import FaceVoiceBrain
from pins_plugin.train.pairs.training_clips import ListedClips, ShardedClips
from pins_plugin.train.run_record import begin_run
from pins_plugin.utils.files import write_json

ENCODERS = ("face_encoder", "voice_encoder")
logger = logging.getLogger(__name__)


def train_talking_heads(hparams: dict[str, Any], run_opts: Any = None) -> list[dict[str, float]]:
    """Train as the YAML says, resume where a former run stopped, and write a model folder.

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
    loader, scorer = clips.make_loader(), clips.make_scorer()
    history = run_training(
        FaceVoiceBrain,
        modules,
        loader,
        {**hparams, "num_steps": hparams["num_epochs"] * len(loader)},
        optimizer=hparams["optimizer"],
        num_epochs=hparams["num_epochs"],
        folder=output,
        run_opts=run_opts,
        scorer=scorer,
        best_by="roc_auc" if scorer else None,
    )
    if sb.utils.distributed.if_main_process():
        write_json(output / "history.json", history)
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
