"""Cut clips of talking faces for a data set: face video with sound, sound, what is known, and why the rest was left out.

  pins cut interview.mp4 talk.mp4 --out clips         raw videos: linked first
  pins cut footage --out clips --jobs 8               every video of a folder, by workers; a stopped run goes on
  pins cut season --out clips                         what `pins link *.mp4 --out season` wrote: people are the same in all videos
  pins cut *.mp4 --out shards --tar                   shard-000000.tar: key.face.mp4, key.wav, key.json (webdataset)

writes clips/KEY.face.mp4, clips/KEY.wav (16 kHz), clips/KEY.json, clips/manifest.csv for `pins train`, and
clips/left_out.csv: every stretch of a turn that makes no clip, with its reason. People of raw videos are VIDEO-PERSON_01: numbers
of one video say nothing of another. Filters, with what users of such data sets ask for as defaults:

  one face in the picture (--any_faces: not asked)       face of 80 pixels (--min_size)
  turned away by 45 degrees at most (--max_yaw)          link of confidence 0.8 (--min_confidence)
  3 to 15 s (--min_seconds, --max_seconds)               nobody else speaks (--overlap: not asked)
  lips and sound within a frame (--max_offset_frames 1; --any_sync: not asked)
"""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pins_plugin.cli._many import add_many_arguments, is_many, run_files

if TYPE_CHECKING:
    from pins_plugin.cli._cut_video import Record

HELP = "cut clips of talking faces for a data set, as files or tar shards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="VIDEO|LINKED")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--tar", action="store_true", help="tar shards instead of files")
    parser.add_argument("--shard_clips", type=int, default=1000, metavar="N", help="most clips of a shard (1000)")  # fmt: skip
    parser.add_argument("--size", type=int, default=224, help="of the face pictures (224)")
    parser.add_argument("--min_seconds", type=float, default=3.0, metavar="S")
    parser.add_argument("--max_seconds", type=float, default=15.0, metavar="S")
    parser.add_argument("--min_size", type=float, default=80.0, metavar="PIXELS")
    parser.add_argument("--max_yaw", type=float, default=45.0, metavar="DEGREES")
    parser.add_argument("--min_confidence", type=float, default=0.8, metavar="P")
    parser.add_argument("--max_offset_frames", type=int, default=1, metavar="N")
    parser.add_argument("--any_faces", action="store_true", help="other faces may be seen")
    parser.add_argument("--overlap", action="store_true", help="others may speak too")
    parser.add_argument("--any_sync", action="store_true", help="do not ask the lips (faster)")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    add_many_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Choose, cut, write, print."""
    from pins_plugin.archive.inputs import choose_part, parse_shard
    from pins_plugin.cli._cut_video import (
        WAITING,
        cut_options,
        find_sources,
        name_sources,
        open_cutter,
        read_records,
    )
    from pins_plugin.errors import PinsError
    from pins_plugin.report.dataset_files import ShardWriter
    from pins_plugin.utils.batch import Batch
    from pins_plugin.utils.writable import try_folder

    if args.shard_clips < 1:
        raise PinsError(f"--shard_clips: expected 1 or more, got {args.shard_clips}")
    cut_options(args)
    sources = find_sources(args.inputs)
    names = name_sources(sources)
    mine = choose_part(sources, parse_shard(args.shard or "1/1"), args.limit)
    try_folder(args.out)
    part = f"{args.shard.replace('/', '-of-')}-" if args.shard else ""
    shards = ShardWriter(args.out, args.out / WAITING, args.shard_clips, part) if args.tar else None

    def take(record: "Record") -> bool:
        if shards is not None:
            for row in record["clips"]:
                shards.add(row["key"])
        print(f"{record['video']}: {len(record['clips'])} clips, {len(record['left_out'])} stretches left out", flush=True)  # fmt: skip
        return "before" in record

    plain = argparse.Namespace(**{**vars(args), "run": None})
    setup = partial(open_cutter, plain, names)
    status = 0
    batch = Batch("cut", len(mine), "inputs", args.traceback)
    try:
        if is_many(args):
            status = run_files("cut", mine, args.out, setup, args, take)
        else:
            cut = setup()
            for source in mine:
                with batch.costs_only(str(source)):
                    take(cut(str(source)))
    finally:
        if shards is not None:
            shards.close()
        write_tables(args.out, read_records(args.out), args.tar)
    batch.finish()
    return status


def write_tables(out: Path, records: "list[Record]", tar: bool) -> None:
    """Write what holds for all videos that were cut into a folder, and say it."""
    from pins_plugin.formats.dataset_cut import LeftOut, left_out_table
    from pins_plugin.report.dataset_files import write_clip_manifest
    from pins_plugin.utils.files import write_text

    left = [(each["video"], LeftOut(**row)) for each in records for row in each["left_out"]]
    write_text(out / "left_out.csv", left_out_table(left))
    rows = [(row["key"], row["person"], each["name"]) for each in records for row in each["clips"]]
    if rows and not tar:
        write_clip_manifest(out / "manifest.csv", rows)
    seconds = sum(row["seconds"] for each in records for row in each["clips"])
    print(f"{len(rows)} clips, {seconds:.1f} s; {len(left)} stretches left out, see {out / 'left_out.csv'}")  # fmt: skip
