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

if TYPE_CHECKING:
    from collections.abc import Callable

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
    from pins_plugin.cli.evaluate import embed_features, evaluate_model, score, write_card
    from pins_plugin.data.training.features import read_feature_clips
    from pins_plugin.data.training.tar_shards import is_shard_address
    from pins_plugin.inference.embedder import FaceVoiceEmbedder

    if not hparams.get("manifest") or not {"face_encoder", "face_embeddings"} & hparams.keys():
        return  # a model of another kind
    if is_shard_address(hparams["manifest"]):
        return  # its card has the score of training; shards hold no files to score on
    manifest, model = Path(hparams["manifest"]), Path(hparams["output_folder"]) / "model"
    clips = read_feature_clips(manifest).values()
    if len({clip.identity for clip in clips if clip.split == "valid"} - {""}) < 2:
        return  # nobody to score
    if "face_embeddings" in hparams:
        faces, voices = (Path(hparams[f"{kind}_embeddings"]) for kind in ("face", "voice"))
        embedded = embed_features(str(model), manifest, faces, voices, "valid")
        report = score(embedded, manifest, oracle=None, out=None, seed=0)
    else:
        embedder = FaceVoiceEmbedder.from_hparams(model)
        skipped: dict[str, Exception] = {}
        report = evaluate_model(
            embedder,
            manifest,
            split="valid",
            quiet=True,
            skipped=skipped,
            load=None if embedder.wants_aligned else decoded_clips(hparams),
        )
        if skipped:
            print(f"card: without {len(skipped)} clips that cannot be read", file=sys.stderr)
    write_card(model, {"manifest": str(manifest), "split": "valid"} | report)


def decoded_clips(hparams: dict[str, Any]) -> "Callable[[TalkingFaceClip], tuple[Any, Any]]":
    """Read the pictures and the sound of a clip of split "valid" from where training decoded it to."""
    from pins_plugin.errors import MediaError
    from pins_plugin.train.pairs.listed_clips import decode_clips, validation_clips

    clips = validation_clips(hparams["manifest"])
    shards = decode_clips(clips, hparams)
    places = {clip.clip_id: place for place, clip in enumerate(clips)}

    def load(clip: "TalkingFaceClip") -> tuple[Any, Any]:
        place = places[clip.clip_id]
        if place in shards.skipped:
            raise MediaError(shards.skipped[place])
        return shards.faces(place), shards.sound(place).astype("float32") / 32768

    return load
