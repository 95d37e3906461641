"""Cut clips of talking faces for a data set: face video with sound, sound, what is known, and why the rest was left out.

  pins cut interview.mp4 talk.mp4 --out clips         raw videos: linked first
  pins cut linked season/* --out clips                what `pins link --out` wrote
  pins cut archive --out shards --tar --jobs 8        train-000000.tar, ...: key.face.mp4, key.wav, key.json (webdataset), index.json

writes clips/KEY.face.mp4, clips/KEY.wav (16 kHz), clips/KEY.json, clips/manifest.csv for `pins train`, and clips/left_out.csv: every
stretch of a turn that makes no clip, with its reason. One in ten videos is for validation. People of raw
videos are VIDEO-PERSON_01: numbers of one say nothing of another. What was cut from the same file with the
same options is not cut again. `pins train --manifest shards` reads shards. Filters, with what users of such data sets ask for as defaults:

  one face in the picture (--any_faces: not asked)       face of 80 pixels (--min_size)
  turned away by 45 degrees at most (--max_yaw)          link of confidence 0.8 (--min_confidence)
  3 to 15 s (--min_seconds, --max_seconds)               nobody else speaks (--overlap: not asked)
  lips and sound within a frame (--max_offset_frames 1; --any_sync: not asked)
"""

import argparse
from pathlib import Path

from pins_plugin.cli._many import add_many_arguments, find_inputs, is_many, run_files
from pins_plugin.cli._options import add_options, number

HELP = "cut clips of talking faces for a data set, as files or tar shards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="VIDEO|LINKED", help="videos, or folders of `pins link`")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--tar", action="store_true", help="tar shards instead of files")
    parser.add_argument("--shard_clips", type=number(1, kind=int), default=1000, metavar="N", help="most clips of a shard (1000)")  # fmt: skip
    add_options(parser, "size")
    parser.add_argument(
        "--min_seconds", type=float, default=3.0, metavar="S", help="shortest clip (3)"
    )
    parser.add_argument(
        "--max_seconds", type=float, default=15.0, metavar="S", help="longest clip (15)"
    )
    parser.add_argument("--min_size", type=number(0), default=80.0, metavar="PIXELS", help="smallest face (80)")  # fmt: skip
    parser.add_argument("--max_yaw", type=number(0, 180), default=45.0, metavar="DEGREES", help="how far a face may be turned away (45)")  # fmt: skip
    parser.add_argument("--min_confidence", type=number(0, 1), default=0.8, metavar="P", help="of the link, 0 to 1 (0.8)")  # fmt: skip
    parser.add_argument("--max_offset_frames", type=number(0, kind=int), default=1, metavar="N", help="lips against sound, frames of 1/25 s (1)")  # fmt: skip
    parser.add_argument("--any_faces", action="store_true", help="other faces may be seen")
    parser.add_argument("--overlap", action="store_true", help="others may speak too")
    parser.add_argument("--any_sync", action="store_true", help="do not ask the lips (faster)")
    add_options(parser, "quiet")
    add_many_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Choose, cut, write, print."""
    from pins_plugin.cli import _cut_archive as cutting
    from pins_plugin.utils.batch import Batch
    from pins_plugin.utils.writable import try_folder

    cutting.filters_of(args)
    sources, args.names = find_inputs(args.inputs, args, mark="links.json", stem=cutting.stem_of)
    try_folder(args.out)
    cutting.forget_lost(args.out, args.tar)
    if is_many(args):
        length = cutting.source_seconds
        status = run_files("cut", sources, cutting.open_cutter, args, duration=length)
        print(cutting.gather(args, sources))
        return status
    batch = Batch("cut", len(sources), "inputs", args.traceback)
    for source in sources:
        with batch.costs_only(str(source)):
            cutting.cut_one(args, str(source))
    print(cutting.gather(args, sources))
    batch.finish()
    return 0
