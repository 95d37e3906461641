"""Measure whether the sound of a video comes with its picture, by the lips of the people who speak.

  pins sync interview.mp4                 in words
  pins sync interview.mp4 --json          {"offset_seconds", "offset_frames", "confidence", "decision"}
  pins sync interview.mp4 --fix out.mp4   writes a copy with the sound put right
  pins sync archive --out sync --jobs 8   sync/<name>.json for each video of a folder

offset_seconds  how much too late the sound comes; negative: too early
offset_frames   the same in frames of 1/25 s
confidence      probability that this is right within one frame, measured on people unknown to the model
decision        "in sync" (at most one frame off), "shifted", or "cannot tell" (confidence below 0.5: no
                face, nobody speaks, or too short; two seconds of speech usually suffice)

Offsets of up to --max-offset seconds (1.0) either way are looked for, those beyond 0.6 s with more suspicion. A larger
one is seldom mistaken for a smaller one: the answer is "cannot tell".
"""

import argparse
from typing import TYPE_CHECKING

from pins_plugin.cli._many import add_many_arguments, find_inputs, is_many, run_files

if TYPE_CHECKING:
    from pathlib import Path

    from pins_plugin.inference.synchronizer import SyncResult

HELP = "measure and mend the offset between lips and sound"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="video files with sound")
    parser.add_argument("--out", metavar="DIR", help="many files: DIR/<name>.json for each")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument(
        "--fix", metavar="OUT.mp4", help="write a copy of the video with its sound put right"
    )
    parser.add_argument(
        "--model", default="sync", metavar="MODEL", help="model folder (sync, which is built in)"
    )
    parser.add_argument(
        "--max-offset",
        type=float,
        default=1.0,
        metavar="S",
        help="largest offset looked for, in seconds (1.0)",
    )
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_many_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure, print, mend."""
    import json

    from pins_plugin.errors import PinsError
    from pins_plugin.inference.synchronizer import Synchronizer
    from pins_plugin.pipelines.active_speaker.synchronization import synchronize_video
    from pins_plugin.utils.writable import try_file

    if not 0.2 <= args.max_offset <= 10:
        raise PinsError(f"--max-offset: expected 0.2 to 10 seconds, got {args.max_offset}")
    videos = find_inputs(args.videos, args)
    if is_many(args):
        return run_many_files(videos, args)
    if len(videos) > 1:
        raise PinsError(f"expected one video, or --jobs N --out DIR, got {len(videos)}")
    args.video = str(videos[0])
    if args.fix:
        try_file(args.fix)
    synchronizer = Synchronizer.from_hparams(args.model, run_opts={"device": args.device})
    found = synchronize_video(
        args.video,
        synchronizer,
        max_offset=round(args.max_offset * 25),
        quiet=args.quiet or args.json,
    )
    if args.json:
        result = found.result
        print(
            json.dumps(
                {
                    "offset_seconds": result.offset_seconds,
                    "offset_frames": result.offset_frames,
                    "confidence": round(result.confidence, 4),
                    "decision": result.decision,
                }
            )
        )
    else:
        print(describe(found.result))
    if args.fix:
        mend(args.video, args.fix, found.result)
    return 0


def run_many_files(videos: "list[Path]", args: argparse.Namespace) -> int:
    """Measure each video by workers, into a file of its own."""
    from functools import partial
    from pathlib import Path

    from pins_plugin.cli._each_video import open_synchronizer, show_result
    from pins_plugin.errors import PinsError

    if not args.out or args.fix:
        raise PinsError("--jobs, --shard, --ray: expected --out DIR, and no --fix")
    plain = argparse.Namespace(**{**vars(args), "run": None})
    setup = partial(open_synchronizer, plain)
    return run_files("sync", videos, Path(args.out), setup, args, show_result)


def describe(result: "SyncResult") -> str:
    """Say the result in one sentence."""
    if result.decision == "cannot tell":
        return f"cannot tell: no face was seen speaking surely enough (confidence {result.confidence:.2f})"
    side = "late" if result.offset_seconds >= 0 else "early"
    return (
        f"{result.decision}: the sound comes {abs(result.offset_seconds):.2f} s too {side} "
        f"({result.offset_frames:+d} frames of 1/25 s; confidence {result.confidence:.2f})"
    )


def mend(video: str, target: str, result: "SyncResult") -> None:
    """Write the copy, or say why not."""
    import sys

    from pins_plugin.data.shift_sound import write_shifted
    from pins_plugin.errors import PinsError

    if result.decision == "cannot tell":
        raise PinsError(f"--fix {target}: nothing was written, because the offset is not known")
    write_shifted(video, target, -result.offset_seconds)
    print(f"written to {target}", file=sys.stderr)
