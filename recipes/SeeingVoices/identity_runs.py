"""Joint training of face and voice under one setting of separation, and what its branches are good for."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.training.augmentation import FaceAugmentation
from pins_plugin.data.training.dataset import PairDataset
from pins_plugin.data.training.shards import ClipForm, prepare_shards
from pins_plugin.evaluation.recognition import evaluate_recognition, fit_probe, recognition_trials
from pins_plugin.inference.clips import embed_clips
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.metrics.spread import dimensions_used
from pins_plugin.metrics.verification import roc_auc
from pins_plugin.models.compact import CompactFaceEncoder, CompactVoiceEncoder
from pins_plugin.train.experiment import load_experiment
from pins_plugin.train.pairs.supervised import train_supervised
from pins_plugin.utils.seeding import seed_everything

HPARAMS = Path(__file__).resolve().parents[2] / "hparams" / "demo.yaml"
WITHIN = {(): "none", ("sound",): "voice", ("video",): "face", ("sound", "video"): "both"}
IMAGE_SIZE, SECONDS = 48, 1.3  # smaller pictures than the demo's, to save time
PROBED_PEOPLE = 200  # whose names the probe is told
OBJECTIVE = """
objective: !new:pins_plugin.train.pairs.objective.PairObjective
    loss: !new:pins_plugin.losses.within_modality.WithinModalitySeparationLoss
        within: {within}
        weight: {weight}
        form: {form}
"""


def train_and_score(
    manifest: Path,
    runs: Path,
    name: str,
    separated: Sequence[str],
    *,
    weight: float,
    num_epochs: int,
    seed: int,
    form: str = "denominator",
) -> dict[str, float]:
    """Train a joint model without names, then score both branches on unseen people."""
    folder = runs / f"{name} {seed}"
    settings = {
        "manifest": manifest,
        "output_folder": folder,
        "cache_folder": manifest.parent / "cache",
        "num_epochs": num_epochs,
        "max_minutes": "null",
        "image_size": IMAGE_SIZE,
        "seed": seed,
    }
    overrides = "\n".join(f"{name}: {value}" for name, value in settings.items())
    objective = OBJECTIVE.format(within=WITHIN[tuple(separated)], weight=weight, form=form)
    hparams = load_experiment(HPARAMS, overrides + objective)
    hparams["run"](hparams, {"noprogressbar": True})
    return score(last_weights(folder), manifest)


def last_weights(folder: Path) -> FaceVoiceEmbedder:
    """Open a run as it was after its last epoch, so that every setting has had as many steps.

    The model folder holds the epoch with the best AUC across modalities, which is often an earlier one.
    """
    embedder = FaceVoiceEmbedder.from_hparams(folder / "model")
    newest = max((folder / "checkpoints").glob("CKPT*"), key=lambda path: path.name)
    for name, encoder in embedder.mods.items():
        encoder.load_state_dict(torch.load(newest / f"{name}.ckpt", weights_only=True))
    return embedder


def train_upper_bound(manifest: Path, *, num_epochs: int, seed: int) -> dict[str, float]:
    """Train each branch with names, with as many examples, then score it alike."""
    clips = read_manifest(manifest, "train")
    shards = prepare_shards(clips, manifest.parent / "cache", ClipForm(IMAGE_SIZE), quiet=True)
    pairs = PairDataset(shards, SECONDS, seed)
    names = [clip.identity for clip in clips]
    labels = torch.from_numpy(np.unique(names, return_inverse=True)[1])
    augment = FaceAugmentation()

    def read_faces(positions: torch.Tensor, step: int) -> torch.Tensor:
        pairs.set_epoch(step)
        faces = pairs[positions.tolist()].faces.float() / 255
        return augment(faces, torch.Generator().manual_seed(step))

    def read_voices(positions: torch.Tensor, step: int) -> torch.Tensor:
        pairs.set_epoch(step)
        return pairs[positions.tolist()].waveforms.float() / 32768

    seed_everything(seed)
    encoders = CompactFaceEncoder(IMAGE_SIZE, dropout=0.2), CompactVoiceEncoder(dropout=0.2)
    num_steps = num_epochs * (len(clips) // 64)
    for encoder, reader in zip(encoders, (read_faces, read_voices), strict=True):
        train_supervised(encoder, reader, labels, num_steps=num_steps, seed=seed)
    result = score(FaceVoiceEmbedder(*encoders), manifest)
    del result["across AUC"]  # two spaces that never met
    return result


def score(embedder: FaceVoiceEmbedder, manifest: Path) -> dict[str, float]:
    """EER and minDCF of voices and of faces, by cosine and by a probe, and AUC across, on unseen people."""
    train, test = read_manifest(manifest, "train"), read_manifest(manifest, "test")
    told = set(sorted({clip.identity for clip in train})[:PROBED_PEOPLE])
    train = [clip for clip in train if clip.identity in told]
    names = [clip.identity for clip in test]
    trials = recognition_trials(names, [clip.video for clip in test])
    fitted, judged = (embed_clips(embedder, clips, quiet=True) for clips in (train, test))
    result = {}
    for part, known, unknown in zip(("face", "voice"), fitted, judged, strict=True):
        probe = fit_probe(known, [clip.identity for clip in train])
        for kind, values in (("", unknown), (", probe", probe.transform(unknown))):
            scores = evaluate_recognition(values, names, *trials, num_replicates=0)
            result[f"{part} EER{kind}"] = float(scores["eer"])
            result[f"{part} minDCF{kind}"] = float(scores["min_dcf"])
    faces, voices = judged
    same = np.array(names)[:, None] == np.array(names)[None]
    result["across AUC"] = float(roc_auc((faces @ voices.T).ravel(), same.ravel()))
    for part, unknown in zip(("face", "voice"), judged, strict=True):
        result[f"{part}s, dimensions"] = dimensions_used(unknown)
    return result
