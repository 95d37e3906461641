"""Write a manifest of VoxCeleb1 or VoxCeleb2. (Raw videos without any labels: `pins cut`.)

  python recipes/VoxCeleb/prepare.py voxceleb1 --root VOX1 --lists LISTS --out OUT
  python recipes/VoxCeleb/prepare.py voxceleb2 --root VOX2 --out OUT

LISTS is the folder with the test lists of Learnable PINs, identity_splits.txt and vox1_meta.csv (which may lie in VOX1,
too): the videos of training people in the seen-heard lists are kept out of training.

With --tar, the clips are decoded, too, into OUT/shards (about 1 GB each), which `pins train --manifest OUT/shards` reads, there
or from object storage.

Writes OUT/manifest.csv for `pins train`, and OUT/skipped.csv with everything that was left out and why. A run
that was stopped goes on where it was. Of many machines each takes a part (--shard 1/4 ...), which writes
manifest-1-of-4.csv; a run without --shard afterwards, which finds everything looked at, writes the whole manifest.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

from pins_plugin.archive.inputs import choose_part, parse_shard
from pins_plugin.archive.pack import pack_clips
from pins_plugin.archive.unreadable import find_unreadable
from pins_plugin.cli._many import add_many_arguments, machinery
from pins_plugin.data.corpora.manifest import write_manifest
from pins_plugin.data.corpora.voxceleb import read_ids, read_traits
from pins_plugin.data.corpora.voxceleb_clips import (
    find_voxceleb1,
    find_voxceleb2,
    read_splits,
)
from pins_plugin.data.training.tar_shards import ClipForm
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.evaluation.pins_lists import read_pins_lists
from pins_plugin.inference.portraits import load_aligned_faces
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_text
from pins_plugin.utils.script import run_script, script_parser
from pins_plugin.utils.text import csv_table


def prepare_voxceleb1(
    args: argparse.Namespace, parser: argparse.ArgumentParser
) -> tuple[list[TalkingFaceClip], dict[str, str]]:
    """Read the splits and the lists, then list what is there."""
    splits_path = args.splits or _beside(args, "identity_splits.txt")
    meta = args.meta or _beside(args, "vox1_meta.csv")
    if splits_path is None or meta is None:
        parser.error("voxceleb1 needs --lists LISTS, or --splits and --meta")
    held_out: set[tuple[str, str]] = set()
    if args.lists is None:
        print("without --lists the seen-heard test videos are trained on: do not score on them")
    else:
        for pairs in read_pins_lists(args.lists).verification:
            if pairs.condition == "seenheard":
                held_out.update((key.person, key.video) for key in (*pairs.voices, *pairs.faces))
    splits, traits = read_splits(splits_path), read_traits(meta)
    clips, skipped = find_voxceleb1(args.root, splits, read_ids(meta), args.out, held_out)
    return [replace(clip, attributes=traits.get(clip.identity, {})) for clip in clips], skipped


def _beside(args: argparse.Namespace, name: str) -> Path | None:
    """Find a file in the folder of lists or of the data."""
    folders = [folder for folder in (args.lists, args.root) if folder is not None]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def main() -> None:
    """Parse, prepare, write."""
    parser = script_parser(__doc__)
    parser.add_argument("kind", choices=["voxceleb1", "voxceleb2"])
    parser.add_argument("--root", type=Path, required=True, help="folder of the unpacked data")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--splits", type=Path, help="identity_splits.txt, if not in LISTS or VOX1 (voxceleb1)"
    )
    parser.add_argument("--lists", type=Path, help="folder of the test lists (voxceleb1)")
    parser.add_argument(
        "--meta", type=Path, help="vox1_meta.csv, if not in LISTS or VOX1 (voxceleb1)"
    )
    add_many_arguments(parser)
    parser.add_argument("--tar", action="store_true", help="decode the clips into tar shards, too")
    parser.add_argument("--image_size", type=int, default=64, help="of the shards' pictures (64)")
    parser.add_argument("--frames_per_clip", type=int, default=4, help="in the shards (4)")
    parser.add_argument("--max_clip_seconds", type=float, default=10.0, help="of sound (10)")
    parser.add_argument(
        "--aligned",
        action="store_true",
        help="shards for hparams/fine_tune.yaml: the largest face, upright",
    )
    args = parser.parse_args()
    if args.jobs is None and args.ray is None:
        args.jobs = os.cpu_count()
    work, shard = machinery(args), parse_shard(args.shard or "1/1")
    if args.limit is not None and args.limit < 1:
        raise PinsError(f"--limit: expected 1 or more, got {args.limit}")
    if args.kind == "voxceleb1":
        found, skipped = prepare_voxceleb1(args, parser)
    else:
        found, skipped = find_voxceleb2(args.root)
    clips = choose_part(found, shard, args.limit)
    if found and not clips:
        raise PinsError(f"--shard {args.shard}: expected at most {len(found)} parts, one for each clip")  # fmt: skip
    part = f"-{args.shard.replace('/', '-of-')}" if args.shard else ""
    unreadable = find_unreadable(clips, args.out / "looked_at", work)
    clips = write_results(args.out, clips, skipped, unreadable, part)
    if args.tar:
        read_faces = load_aligned_faces if args.aligned else None
        form = ClipForm(args.image_size, args.frames_per_clip, args.max_clip_seconds, read_faces)
        _, damaged = pack_clips(clips, args.out / "shards", form, work, part=part)
        if damaged:
            unreadable |= damaged
            write_results(args.out, clips, skipped, unreadable, part)
    if args.strict and unreadable:
        raise MediaError(f"--strict: {len(unreadable)} clips cannot be read, see skipped{part}.csv")


def write_results(
    out: Path,
    clips: list[TalkingFaceClip],
    skipped: dict[str, str],
    unreadable: dict[str, str],
    part: str,
) -> list[TalkingFaceClip]:
    """Write the manifest of clips that can be read, which it gives, and the list of what was left out; `part` is behind their names."""
    for clip in clips:
        if clip.clip_id in unreadable:
            skipped[str(clip.audio)] = unreadable[clip.clip_id].removeprefix(f"{clip.audio}: ")
    clips = [clip for clip in clips if clip.clip_id not in unreadable]
    write_text(out / f"skipped{part}.csv", csv_table(("path", "reason"), skipped.items()))
    print(f"{len(clips)} clips, {len(skipped)} left out (see {out / f'skipped{part}.csv'})")
    if not clips:
        raise MediaError(f"no clip found; the first that was left out: {[*skipped.items()][:1]}")
    write_manifest(out / f"manifest{part}.csv", clips)
    return clips


if __name__ == "__main__":
    run_script(main)
