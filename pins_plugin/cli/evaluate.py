"""Score a trained model on the clips of a manifest: verification, 1-of-N matching, retrieval.

People that the manifest's train rows name are scored apart ("seen") from everyone else ("unseen"). Each
score comes with a 95 % bootstrap interval over people, the chance level and, for simulated people, the
oracle: the best that any decision could reach.

  pins evaluate results/demo/model clips/manifest.csv --out scores --card

writes scores/results.json, table.md, roc.png, matching.png and map.png, and puts the scores, over all and by
gender, nationality and age where the manifest has these columns, into the model's card. A model that was trained on
recognition embeddings (hparams/features.yaml) is given those instead of media:

  pins evaluate results/features/model manifest.csv --face_embeddings face.npz --voice_embeddings voice.npz
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pins_plugin.cli._options import add_options
from pins_plugin.errors import PinsError

HELP = "score a model on people it has never seen"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("model", help="model folder, name of a shipped model, or hub id")
    parser.add_argument("manifest", type=Path, help="CSV file of clips with identities")
    parser.add_argument(
        "--split",
        help="rows to score; 'all' for all (default: test; where no row is of it, valid if that has two people, else all)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the JSON, the table and the pictures"
    )
    parser.add_argument(
        "--oracle",
        type=Path,
        help="people.npz of simulated people (default: the one beside the manifest, if any)",
    )
    parser.add_argument(
        "--card", action="store_true", help="write what was measured into the model's card as well"
    )
    add_options(
        parser,
        "face_embeddings",
        "voice_embeddings",
        "num_frames",
        "seed",
        "device",
        "json",
        "quiet",
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.cli import _scoring as scoring
    from pins_plugin.data.corpora.manifest import read_manifest
    from pins_plugin.inference.embedder import FaceVoiceEmbedder
    from pins_plugin.utils.batch import Batch
    from pins_plugin.utils.writable import try_folder

    if args.out:
        try_folder(args.out)
    skipped: dict[str, Exception] = {}
    split = choose_split(args.manifest, args.split, media=args.face_embeddings is None)
    features = (args.face_embeddings, args.voice_embeddings)
    if (features[0] is None) != (features[1] is None):
        raise PinsError("expected both --face_embeddings and --voice_embeddings, or neither")
    options: dict[str, Any] = {"oracle": args.oracle, "out": args.out, "seed": args.seed}
    if args.face_embeddings:
        embedded = scoring.embed_features(args.model, args.manifest, *features, split)
        report = scoring.score(embedded, args.manifest, **options)
    else:
        report = scoring.evaluate_model(
            FaceVoiceEmbedder.from_hparams(args.model, run_opts={"device": args.device}),
            args.manifest,
            split=split,
            num_frames=args.num_frames,
            quiet=args.quiet,
            skipped=skipped,
            **options,
        )
    report = {
        "model": str(args.model),
        "manifest": str(args.manifest),
        "split": split or "all",
    } | report
    if args.out:
        scoring.write_report(report, args.out)
    if args.card:
        scoring.write_card(args.model, report)
    print(json.dumps(report, indent=2) if args.json else scoring.describe(report))
    if args.out and not args.json:
        print(f"\nwritten: {args.out}/results.json, table.md, roc.png, matching.png, map.png")
    if skipped:
        clips = read_manifest(args.manifest, split)
        batch = Batch("evaluate", len(clips), "clips", args.traceback)
        for clip_id, error in skipped.items():
            batch.note(clip_id, error)
        batch.finish()


def choose_split(manifest: Path, asked: str | None, *, media: bool) -> str | None:
    """The split to score, None for all rows; where the manifest has splits but no test, says what is scored instead."""
    from pins_plugin.data.corpora.manifest import REQUIRED_COLUMNS, read_manifest
    from pins_plugin.data.training.features import FEATURE_COLUMNS

    if asked is None:
        clips = read_manifest(manifest, columns=REQUIRED_COLUMNS if media else FEATURE_COLUMNS)
        splits = {clip.split for clip in clips}
        held_out = {clip.identity for clip in clips if clip.split == "valid"}
        asked = "valid" if len(held_out) > 1 else "all"
        if "test" in splits or splits == {"train"}:  # the latter holds nobody to score on: an error
            asked = "test"
        if asked != "test" and any(clip.split for clip in clips):
            what = "split 'valid', which also chose the epoch," if asked == "valid" else "every row"
            print(f"{manifest}: no row of split 'test'; {what} is scored", file=sys.stderr)
    return None if asked == "all" else asked
