"""Write a manifest of VoxCeleb1, VoxCeleb2, or of raw videos without any labels.

  python recipes/VoxCeleb/prepare.py voxceleb1 --root VOX1 --lists LISTS --out OUT
  python recipes/VoxCeleb/prepare.py voxceleb2 --root VOX2 --out OUT
  python recipes/VoxCeleb/prepare.py videos --root FOLDER --out OUT --jobs 8

LISTS is the folder with the test lists of Learnable PINs, identity_splits.txt and vox1_meta.csv (which may lie in VOX1,
too): the videos of training people in the seen-heard lists are kept out of training. From raw videos only those
stretches are kept in which one face is seen and its lips make the sound.

Writes OUT/manifest.csv for `pins train`, and OUT/skipped.csv with everything that was left out and why. A run
that was stopped goes on where it was.
"""

import argparse
import csv
import io
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from pins_plugin.data.manifest import write_manifest
from pins_plugin.data.readable import find_unreadable
from pins_plugin.data.voxceleb import read_ids, read_traits
from pins_plugin.data.voxceleb_clips import (
    find_voxceleb1,
    find_voxceleb2,
    read_splits,
    split_by_checksum,
)
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.evaluation.pins_lists import read_pins_lists
from pins_plugin.pipelines.active_speaker.speaking import SpeakingFaces
from pins_plugin.tracking.clips import CutVideo, cut_clips
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_text
from pins_plugin.utils.progress import progress

VIDEOS = (".mp4", ".mkv", ".avi", ".mov", ".webm", ".mpg", ".mpeg", ".m4v")


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


def prepare_videos(
    root: Path, out: Path, jobs: int, min_speaking: float | None
) -> tuple[list[TalkingFaceClip], dict[str, str]]:
    """Cut every video below `root`, several at a time; one in ten videos is for validation."""
    videos = sorted(path for path in root.rglob("*") if path.suffix.lower() in VIDEOS)
    if not videos:
        raise MediaError(f"{root}: holds no video; expected files ending in {', '.join(VIDEOS)}")
    cut = partial(_try_to_cut, root=root, out=out / "clips", min_speaking=min_speaking)
    clips, skipped = [], {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        results = zip(videos, pool.map(cut, videos), strict=True)
        for video, result in progress(results, "cutting videos", total=len(videos)):
            if isinstance(result, str):
                skipped[str(video)] = result
            else:
                skipped |= result.skipped
                split = split_by_checksum(_name(video, root), valid_share=0.1)
                clips += [replace(clip, split=split) for clip in result.clips]
    return clips, skipped


def _try_to_cut(video: Path, root: Path, out: Path, min_speaking: float | None) -> CutVideo | str:
    try:
        if min_speaking is None:
            return cut_clips(video, out, name=_name(video, root))
        return cut_clips(
            video,
            out,
            name=_name(video, root),
            speaking=_speaking_faces(),
            min_speaking=min_speaking,
        )
    except PinsError as error:
        return str(error)


@cache
def _speaking_faces() -> SpeakingFaces:
    """One synchronizer per process."""
    return SpeakingFaces()


def _name(video: Path, root: Path) -> str:
    """Name a video by its place below `root`, so that equal names in two folders stay apart."""
    return "__".join(video.relative_to(root).parts).replace(".", "_")


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
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="files at a time")
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
    args = parser.parse_args()
    try:
        if args.kind == "voxceleb1":
            clips, skipped = prepare_voxceleb1(args, parser)
        elif args.kind == "voxceleb2":
            clips, skipped = find_voxceleb2(args.root)
        else:
            min_speaking = None if args.any_voice else args.min_speaking
            clips, skipped = prepare_videos(args.root, args.out, args.jobs, min_speaking)
        unreadable = find_unreadable(clips, args.out / "looked_at", jobs=args.jobs)
        skipped |= {
            str(clip.audio): unreadable[clip.clip_id].removeprefix(f"{clip.audio}: ")
            for clip in clips
            if clip.clip_id in unreadable
        }
        clips = [clip for clip in clips if clip.clip_id not in unreadable]
        write_results(args.out, clips, skipped)
    except PinsError as error:
        sys.exit(f"prepare.py: {error}")


def write_results(out: Path, clips: list[TalkingFaceClip], skipped: dict[str, str]) -> None:
    """Write the manifest and the list of what was left out."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("path", "reason"), *skipped.items()])
    write_text(out / "skipped.csv", text.getvalue())
    print(f"{len(clips)} clips, {len(skipped)} left out (see {out / 'skipped.csv'})")
    if not clips:
        raise MediaError(f"no clip found; the first that was left out: {[*skipped.items()][:1]}")
    write_manifest(out / "manifest.csv", clips)


if __name__ == "__main__":
    main()
