"""Train what a YAML file describes.

  pins train hparams/demo.yaml --manifest clips/manifest.csv --output_folder results/demo

Any entry of the YAML can be given as --key value. SpeechBrain's run options work too, such as
--device cuda, --precision bf16, --ckpt_interval_minutes 10. A run that was stopped goes on where it was when
it is started again with the same output folder. At the end, a model of face and voice is scored on split
"valid", over all and by group of people, and its card says so. In place of a manifest, the folder or address (s3://...) of tar
shards, see docs/scale.md. Pairs train on several GPUs, too:

  torchrun --nproc_per_node=4 recipes/TalkingHeads/train.py hparams/demo.yaml --manifest ...
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pins_plugin.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pins_plugin.data.training.dataset import DecodedClips
    from pins_plugin.types import TalkingFaceClip

HELP = "train what a YAML file describes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("hparams", help="YAML of the experiment, see hparams/")
    parser.add_argument(
        "options",
        nargs=argparse.REMAINDER,
        metavar="--key value ...",
        help="entries of the YAML to replace, and SpeechBrain's run options",
    )


def run(args: argparse.Namespace) -> None:
    """Run the experiment."""
    from pins_plugin.train.experiment import run_experiment

    complete_card(run_experiment([args.hparams, *args.options]))


def complete_card(hparams: dict[str, Any]) -> None:
    """Score a freshly trained model of face and voice on split "valid", and write it into its card."""
    from pins_plugin.cli._scoring import write_card
    from pins_plugin.data.training.tar_shards import is_shard_address

    if not hparams.get("manifest") or not {"face_encoder", "face_embeddings"} & hparams.keys():
        return  # a model of another kind
    model = Path(hparams["output_folder"]) / "model"
    score = score_shards if is_shard_address(hparams["manifest"]) else score_manifest
    report = score(model, hparams)
    if report is not None:
        write_card(model, {"manifest": str(Path(hparams["manifest"])), "split": "valid"} | report)


def score_manifest(model: Path, hparams: dict[str, Any]) -> dict[str, Any] | None:
    """Score on the clips of split "valid"; None where there is nobody to tell apart."""
    from pins_plugin.cli._scoring import embed_features, evaluate_model, score
    from pins_plugin.data.corpora.manifest import read_manifest
    from pins_plugin.inference.embedder import FaceVoiceEmbedder
    from pins_plugin.train.pairs.training_clips import decode_clips, validation_clips

    manifest = Path(hparams["manifest"])
    clips = read_manifest(manifest, columns=("clip_id", "identity"))
    if len({clip.identity for clip in clips if clip.split == "valid"} - {""}) < 2:
        return None
    if "face_embeddings" in hparams:
        faces, voices = (Path(hparams[f"{kind}_embeddings"]) for kind in ("face", "voice"))
        embedded = embed_features(str(model), manifest, faces, voices, "valid")
        return score(embedded, manifest, oracle=None, out=None, seed=0)
    embedder, load = FaceVoiceEmbedder.from_hparams(model), None
    if not embedder.wants_aligned:  # from where training decoded them to
        held = validation_clips(hparams["manifest"])
        load = loader_of(held, decode_clips(held, hparams))
    skipped: dict[str, Exception] = {}
    report = evaluate_model(
        embedder, manifest, split="valid", quiet=True, skipped=skipped, load=load
    )
    if skipped:
        print(f"card: without {len(skipped)} clips that cannot be read", file=sys.stderr)
    return report


def score_shards(model: Path, hparams: dict[str, Any]) -> dict[str, Any] | None:
    """Score on the clips of split "valid" that training holds in memory; None where there is nobody to tell apart."""
    from pins_plugin.cli._scoring import Embedded, score
    from pins_plugin.data.training.tar_shards import HeldClips, read_index
    from pins_plugin.inference.clips import embed_clips
    from pins_plugin.inference.embedder import FaceVoiceEmbedder
    from pins_plugin.train.pairs.training_clips import form_of

    address = str(hparams["manifest"])
    people: dict[str, set[str]] = {"train": set(), "valid": set()}
    for shard in read_index(address)["shards"]:
        people.setdefault(shard["split"], set()).update(shard["people"])
    if len(people["valid"]) < 2:
        return None
    held = HeldClips(address, "valid", form_of(hparams))
    embedder = FaceVoiceEmbedder.from_hparams(model)
    faces, voices = embed_clips(embedder, held.clips, quiet=True, load=loader_of(held.clips, held))
    embedded = Embedded(faces, voices, held.clips, held.clips, sorted(people["train"]))
    return score(embedded, Path(address), oracle=None, out=None, seed=0)


def loader_of(
    clips: "Sequence[TalkingFaceClip]", shards: "DecodedClips"
) -> "Callable[[TalkingFaceClip], tuple[Any, Any]]":
    """Give the function that finds pictures and sound of a clip among those that are decoded, in the same order."""
    places = {clip.clip_id: place for place, clip in enumerate(clips)}

    def load(clip: "TalkingFaceClip") -> tuple[Any, Any]:
        place = places[clip.clip_id]
        if place in shards.skipped:
            raise MediaError(shards.skipped[place])
        return shards.faces(place), shards.sound(place).astype("float32") / 32768

    return load
