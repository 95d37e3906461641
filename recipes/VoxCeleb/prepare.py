"""Write a manifest of VoxCeleb1, VoxCeleb2, or of raw videos without any labels.

  python recipes/VoxCeleb/prepare.py voxceleb1 --root VOX1 --splits identity_splits.txt --meta vox1_meta.csv --out OUT
  python recipes/VoxCeleb/prepare.py voxceleb2 --root VOX2 --out OUT
  python recipes/VoxCeleb/prepare.py videos --root FOLDER --out OUT --jobs 8

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
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from pins_plugin.data.manifest import write_manifest
from pins_plugin.data.voxceleb import read_ids
from pins_plugin.data.voxceleb_clips import (
    find_voxceleb1,
    find_voxceleb2,
    read_splits,
    split_by_checksum,
)
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.tracking.clips import cut_clips
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_text
from pins_plugin.utils.progress import progress

VIDEOS = (".mp4", ".mkv", ".avi", ".mov", ".webm", ".mpg", ".mpeg", ".m4v")


def prepare_videos(
    root: Path, out: Path, jobs: int
) -> tuple[list[TalkingFaceClip], dict[str, str]]:
    """Cut every video below `root`, several at a time; one in ten videos is for validation."""
    videos = sorted(path for path in root.rglob("*") if path.suffix.lower() in VIDEOS)
    if not videos:
        raise MediaError(f"{root}: holds no video; expected files ending in {', '.join(VIDEOS)}")
    clips, skipped = [], {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        results = pool.map(partial(_try_to_cut, out=out / "clips"), videos)
        for video, result in progress(
            zip(videos, results, strict=True), "cutting videos", total=len(videos)
        ):
            if isinstance(result, str):
                skipped[str(video)] = result
            else:
                split = split_by_checksum(video.stem, valid_share=0.1)
                clips += [replace(clip, split=split) for clip in result]
    return clips, skipped


def _try_to_cut(video: Path, out: Path) -> list[TalkingFaceClip] | str:
    try:
        return cut_clips(video, out)
    except PinsError as error:
        return str(error)


def main() -> None:
    """Parse, prepare, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=["voxceleb1", "voxceleb2", "videos"])
    parser.add_argument("--root", type=Path, required=True, help="folder of the unpacked data")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--splits", type=Path, help="identity_splits.txt (voxceleb1)")
    parser.add_argument("--meta", type=Path, help="vox1_meta.csv (voxceleb1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (videos)")
    args = parser.parse_args()
    try:
        if args.kind == "voxceleb1":
            if args.splits is None or args.meta is None:
                parser.error("voxceleb1 needs --splits and --meta")
            ids = read_ids(args.meta)
            clips, skipped = find_voxceleb1(args.root, read_splits(args.splits), ids, args.out)
        elif args.kind == "voxceleb2":
            clips, skipped = find_voxceleb2(args.root)
        else:
            clips, skipped = prepare_videos(args.root, args.out, args.jobs)
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
