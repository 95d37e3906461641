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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pins_plugin.cli._options import add_options
from pins_plugin.errors import ManifestError, PinsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pins_plugin.inference.embedder import FaceVoiceEmbedder
    from pins_plugin.types import TalkingFaceClip

HELP = "score a model on people it has never seen"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("model", help="model folder, name of a shipped model, or hub id")
    parser.add_argument("manifest", type=Path, help="CSV file of clips with identities")
    parser.add_argument(
        "--split",
        help="rows to score; 'all' for all (default: test; where no row is of it, valid if that has two people, else all)",
    )
    parser.add_argument("--out", type=Path, help="folder for the JSON, the table and the pictures")
    parser.add_argument(
        "--oracle",
        type=Path,
        help="people.npz of simulated people (default: the one beside the manifest, if any)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of trials and intervals (default: 0)")
    parser.add_argument(
        "--card", action="store_true", help="write what was measured into the model's card as well"
    )
    add_options(
        parser, "face_embeddings", "voice_embeddings", "num_frames", "device", "json", "quiet"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.data.corpora.manifest import read_manifest
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
        embedded = embed_features(args.model, args.manifest, *features, split)
        report = score(embedded, args.manifest, **options)
    else:
        from pins_plugin.inference.embedder import FaceVoiceEmbedder

        report = evaluate_model(
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
        write_report(report, args.out)
    if args.card:
        write_card(args.model, report)
    print(json.dumps(report, indent=2) if args.json else describe(report))
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


def evaluate_model(
    embedder: "FaceVoiceEmbedder",
    manifest: Path,
    *,
    split: str | None = "test",
    oracle: Path | None = None,
    out: Path | None = None,
    num_frames: int = 4,
    seed: int = 0,
    quiet: bool = False,
    skipped: dict[str, Exception] | None = None,
    load: "Callable[[TalkingFaceClip], Any] | None" = None,
) -> dict[str, Any]:
    """Embed and score one split of a manifest; with `out`, draw the map of its people there.

    With `skipped`, clips that cannot be read are left out, and noted there. `load` gives what was decoded before.

    Returns
    -------
    report : dict
        See `evaluation.unseen.evaluate_clips`.
    """
    from pins_plugin.data.corpora.manifest import read_manifest
    from pins_plugin.inference.clips import embed_clips

    clips = read_manifest(manifest, split)
    faces, voices = embed_clips(
        embedder, clips, num_frames=num_frames, quiet=quiet, skipped=skipped, load=load
    )
    clips = [clip for clip in clips if clip.clip_id not in (skipped or {})]
    embedded = Embedded(faces, voices, clips, clips, _trained(read_manifest(manifest)))
    return score(embedded, manifest, oracle=oracle, out=out, seed=seed)


class Embedded(NamedTuple):
    """Embeddings, the clip of each row, and the people of the training."""

    faces: "NDArray"
    voices: "NDArray"
    face_clips: "list[TalkingFaceClip]"
    voice_clips: "list[TalkingFaceClip]"
    trained: list[str]


def embed_features(
    model: str, manifest: Path, face_path: Path, voice_path: Path, split: str | None
) -> Embedded:
    """Embed one split of two files of recognition embeddings."""
    from pins_plugin.data.training.features import load_features, read_feature_clips, select_rows
    from pins_plugin.inference.feature_embedder import load_heads
    from pins_plugin.models.layers.heads import apply_head

    face_head, voice_head = load_heads(model)
    clips = read_feature_clips(manifest)
    splits = sorted({clip.split for clip in clips.values()}) if split is None else [split]
    faces = select_rows(load_features(face_path), clips, splits, str(face_path))
    voices = select_rows(load_features(voice_path), clips, splits, str(voice_path))
    if not faces.clips or not voices.clips:
        raise ManifestError(
            f"{manifest}: expected faces and voices of split {split!r}, "
            f"got {len(faces.clips)} and {len(voices.clips)}"
        )
    return Embedded(
        apply_head(face_head, faces.embeddings),
        apply_head(voice_head, voices.embeddings),
        faces.clips,
        voices.clips,
        _trained(clips.values()),
    )


def score(
    embedded: Embedded, manifest: Path, *, oracle: Path | None, out: Path | None, seed: int
) -> dict[str, Any]:
    """Score embedded clips; with `out`, draw the map of their people there."""
    from functools import partial

    from pins_plugin.evaluation.unseen import evaluate_clips
    from pins_plugin.report.plots import plot_map
    from pins_plugin.simulation.oracle import oracle_similarities

    faces, voices, face_clips, voice_clips, trained = embedded
    beside = manifest.parent / "people.npz"
    truth = oracle or (beside if beside.is_file() else None)
    report = evaluate_clips(
        faces,
        voices,
        face_clips,
        voice_clips,
        trained_identities=trained,
        oracle=None if truth is None else partial(oracle_similarities, truth),
        seed=seed,
    )
    if out:
        of_faces = [clip.identity for clip in face_clips]
        of_voices = [clip.identity for clip in voice_clips]
        plot_map(faces, voices, of_faces, of_voices, out / "map.png")
    return report


def _trained(clips: Iterable["TalkingFaceClip"]) -> list[str]:
    return sorted({clip.identity for clip in clips if clip.split == "train"})


def write_report(report: dict[str, Any], out: Path) -> None:
    """Write results.json, table.md, roc.png and matching.png."""
    from pins_plugin.report.plots import plot_matching, plot_roc
    from pins_plugin.utils.files import write_json, write_text

    write_json(out / "results.json", report)
    write_text(out / "table.md", describe(report, markdown=True) + "\n")
    plot_roc(report, out / "roc.png")
    plot_matching(report.get("unseen") or report["seen"], out / "matching.png")


def write_card(model: str | Path, report: dict[str, Any]) -> None:
    """Write the scores of people never seen, over all and by group, into the card of a model folder."""
    from pins_plugin.models.folder.model_folder import resolve_source
    from pins_plugin.report.model_card import measured_section, write_measured

    name = "unseen" if "unseen" in report else "seen"
    part = report[name]
    who = "no training knew" if name == "unseen" else "the training knew"
    about = (
        f"{part['num_identities']} people whom {who}, {part['num_faces']} clips, split "
        f"`{report['split']}` of `{Path(report['manifest']).name}`"
        f"{' (it also chose when to stop)' if report['split'] == 'valid' else ''}; intervals over people. "
        "Written by `pins train`, or `pins evaluate MODEL MANIFEST --card`."
    )
    write_measured(resolve_source(model), measured_section(part, about))


def describe(report: dict[str, Any], *, markdown: bool = False) -> str:
    """Lay out the report as one table for each group of people."""
    from pins_plugin.report.tables import cross_modal_table

    titles = {"unseen": "People never seen or heard in training", "seen": "People of the training"}
    return "\n\n".join(
        f"{'## ' if markdown else ''}{title}: {report[name]['num_identities']} people, "
        f"{report[name]['num_faces']} clips\n\n{cross_modal_table(report[name], markdown=markdown)}"
        for name, title in titles.items()
        if name in report
    )
