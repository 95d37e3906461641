"""Write a manifest of VoxCeleb1, VoxCeleb2, or of raw videos without any labels.

  python recipes/VoxCeleb/prepare.py voxceleb1 --root VOX1 --lists LISTS --out OUT
  python recipes/VoxCeleb/prepare.py voxceleb2 --root VOX2 --out OUT
  python recipes/VoxCeleb/prepare.py videos --root FOLDER --out OUT --jobs 8

LISTS is the folder with the test lists of Learnable PINs, identity_splits.txt and vox1_meta.csv (which may lie in VOX1,
too): the videos of training people in the seen-heard lists are kept out of training. From raw videos only those
stretches are kept in which one face is seen and its lips make the sound.

With --tar, the clips are decoded, too, into OUT/shards (about 1 GB each), which `pins train --manifest OUT/shards` reads, there
or from object storage.

Writes OUT/manifest.csv for `pins train`, and OUT/skipped.csv with everything that was left out and why. A run
that was stopped goes on where it was. Of many machines each takes a part (--shard 1/4 ...), which writes
manifest-1-of-4.csv; a run without --shard afterwards, which finds everything cut, writes the whole manifest.
"""

import argparse
import csv
import io
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pins_plugin.archive.claims import claimed
from pins_plugin.archive.inputs import choose_part, parse_shard
from pins_plugin.archive.many import run_many
from pins_plugin.archive.pack import pack_clips
from pins_plugin.cli._many import add_many_arguments, find_inputs, machinery
from pins_plugin.data.corpora.manifest import write_manifest
from pins_plugin.data.corpora.voxceleb import read_ids, read_traits
from pins_plugin.data.corpora.voxceleb_clips import (
    find_voxceleb1,
    find_voxceleb2,
    read_splits,
    split_by_checksum,
)
from pins_plugin.data.training.readable import find_unreadable
from pins_plugin.data.training.tar_shards import ClipForm
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.evaluation.pins_lists import read_pins_lists
from pins_plugin.inference.portraits import load_aligned_faces
from pins_plugin.pipelines.active_speaker.speaking import SpeakingFaces
from pins_plugin.tracking.clips import CutVideo, cut_clips
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_text


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


def prepare_videos(args: argparse.Namespace) -> tuple[list[TalkingFaceClip], dict[str, str]]:
    """Cut videos into clips, several at a time; one in ten videos is for validation."""
    root, out = args.root, args.out
    min_speaking = None if args.any_voice else args.min_speaking
    videos = find_inputs(args.videos or [root], args)
    clips: list[TalkingFaceClip] = []
    skipped: dict[str, str] = {}

    def take(result: tuple[str, CutVideo]) -> bool:
        name, cut = result
        skipped.update(cut.skipped)
        split = split_by_checksum(name, valid_share=0.1)
        clips.extend(replace(clip, split=split) for clip in cut.clips)
        return False

    setup = partial(_open_cutter, root, out / "clips", min_speaking)
    totals = run_many("prepare", videos, out, setup, machinery(args), take)
    return sorted(clips, key=lambda clip: clip.clip_id), skipped | totals.errors


def _open_cutter(
    root: Path, out: Path, min_speaking: float | None
) -> Callable[[str], tuple[str, CutVideo]]:
    """Make, in a worker, the function that cuts one video."""
    speaking = None if min_speaking is None else SpeakingFaces()
    return partial(_cut, root, out, speaking, min_speaking or 0.0)


def _cut(
    root: Path, out: Path, speaking: SpeakingFaces | None, min_speaking: float, video: str
) -> tuple[str, CutVideo]:
    name = _name(Path(video), root)
    with claimed(out, name):
        cut = cut_clips(video, out, name=name, speaking=speaking, min_speaking=min_speaking)
    return name, cut


def _name(video: Path, root: Path) -> str:
    """Name a video by its place below `root`, so that equal names in two folders stay apart."""
    inside = video.is_relative_to(root)
    parts = (video.relative_to(root) if inside else video.resolve()).parts
    return "__".join(part.strip("/") for part in parts).replace(".", "_")


def main() -> None:
    """Parse, prepare, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=["voxceleb1", "voxceleb2", "videos"])
    parser.add_argument("--root", type=Path, required=True, help="folder of the unpacked data")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--splits", type=Path, help="identity_splits.txt, if not in LISTS or VOX1 (voxceleb1)"
    )
    parser.add_argument("--lists", type=Path, help="folder of the test lists (voxceleb1)")
    parser.add_argument(
        "--meta", type=Path, help="vox1_meta.csv, if not in LISTS or VOX1 (voxceleb1)"
    )
    parser.add_argument(
        "--videos",
        nargs="+",
        type=Path,
        help="only these files, folders, patterns or lists (videos)",
    )
    add_many_arguments(parser)
    parser.set_defaults(jobs=os.cpu_count())
    parser.add_argument(
        "--min_speaking",
        type=float,
        default=1.0,
        help="evidence that the lips make the sound, a log-likelihood ratio (videos; default: 1)",
    )
    parser.add_argument(
        "--any_voice",
        action="store_true",
        help="do not ask the lips (videos; several times as fast)",
    )
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
    try:
        if args.kind == "voxceleb1":
            clips, skipped = prepare_voxceleb1(args, parser)
        elif args.kind == "voxceleb2":
            clips, skipped = find_voxceleb2(args.root)
        else:
            clips, skipped = prepare_videos(args)
        if args.kind != "videos":
            clips = choose_part(clips, parse_shard(args.shard or "1/1"), args.limit)
        unreadable = find_unreadable(clips, args.out / "looked_at", jobs=max(1, args.jobs))
        skipped |= {
            str(clip.audio): unreadable[clip.clip_id].removeprefix(f"{clip.audio}: ")
            for clip in clips
            if clip.clip_id in unreadable
        }
        clips = [clip for clip in clips if clip.clip_id not in unreadable]
        part = f"-{args.shard.replace('/', '-of-')}" if args.shard else ""
        write_results(args.out, clips, skipped, part)
        if args.tar:
            read_faces = load_aligned_faces if args.aligned else None
            form = ClipForm(
                args.image_size, args.frames_per_clip, args.max_clip_seconds, read_faces
            )
            pack_clips(clips, args.out / "shards", form, machinery(args), part=part)
    except PinsError as error:
        sys.exit(f"prepare.py: {error}")


def write_results(
    out: Path, clips: list[TalkingFaceClip], skipped: dict[str, str], part: str = ""
) -> None:
    """Write the manifest and the list of what was left out; `part` is put behind their names."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("path", "reason"), *skipped.items()])
    write_text(out / f"skipped{part}.csv", text.getvalue())
    print(f"{len(clips)} clips, {len(skipped)} left out (see {out / 'skipped.csv'})")
    if not clips:
        raise MediaError(f"no clip found; the first that was left out: {[*skipped.items()][:1]}")
    write_manifest(out / f"manifest{part}.csv", clips)


if __name__ == "__main__":
    main()
