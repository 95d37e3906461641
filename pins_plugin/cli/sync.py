"""Measure whether the sound of videos comes with their picture, by the lips of the people who speak.

  pins sync interview.mp4                 in words
  pins sync interview.mp4 --json          {"offset_seconds", "offset_frames", "confidence", "decision"}
  pins sync interview.mp4 --fix out.mp4   writes a copy with the sound put right
  pins sync *.mp4 --csv report.csv --fail_above 80      many files; status 3 when one is more than 80 ms off
  pins sync archive --out sync --jobs 8 --csv report.csv      by workers; sync/<name>.json for each video of a folder
  pins sync interview.mp4 --parts --people              a line for each shot and each person, and the drift

offset_seconds  how much too late the sound comes; negative: too early
offset_frames   the same in frames of 1/25 s
confidence      probability that this is right within one frame, calibrated on people unknown to the model
decision        "in sync" (at most one frame off), "shifted",
                "not this sound": nobody who is seen makes the sound that is heard (dubbed, a voice-over, only listeners), or
                "cannot tell": no face, nobody speaks, or too short (four seconds of speech usually suffice)
drift           by how many milliseconds the sound comes later with each minute, where at least half a minute tells

The evidence of all faces and shots of a file is summed. Offsets of up to --max_offset seconds (1.0) either way are looked for,
small ones are taken to be more usual. A larger one is seldom mistaken for a smaller one.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pins_plugin.cli._many import add_many_arguments, find_inputs, is_many, run_files
from pins_plugin.cli._options import add_options, number
from pins_plugin.errors import PinsError
from pins_plugin.utils.text import printable

if TYPE_CHECKING:
    from pins_plugin.inference.synchronizer import SyncResult
    from pins_plugin.pipelines.active_speaker.sync_table import SyncRow
    from pins_plugin.pipelines.active_speaker.synchronization import VideoSync

HELP = "measure and mend the offset between lips and audio (lip sync), of one file or many"
OVER = 3  # exit status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="video files with sound")
    parser.add_argument("--out", metavar="DIR", help="write DIR/<name>.json for each file, once (needed with --jobs, --shard, --ray)")  # fmt: skip
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table: files, shots, people, stretches")  # fmt: skip
    parser.add_argument("--parts", action="store_true", help="also print shots, people and drift")
    parser.add_argument("--people", action="store_true", help="tell people apart, for lines of their own")  # fmt: skip
    parser.add_argument("--fail_above", type=number(0), metavar="MS", help="exit with status 3 when a file is known to be further off")  # fmt: skip
    parser.add_argument("--fail_dubbed", action="store_true", help='status 3 also for "not this sound"')  # fmt: skip
    parser.add_argument(
        "--fix", metavar="OUT.mp4", help="write a copy of the video (one) with its sound put right"
    )
    parser.add_argument(
        "--model", default="sync", metavar="MODEL", help="model folder (sync, which is built in)"
    )
    parser.add_argument(
        "--max_offset",
        "--max-offset",
        type=number(0.2, 10),
        default=1.0,
        metavar="S",
        help="largest offset looked for, in seconds (1.0)",
    )
    add_options(parser, "json", "device", "quiet")
    add_many_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure, print, mend; 3 when a file is further off than allowed."""
    from pins_plugin.utils.writable import try_file

    videos, args.names = find_inputs(args.videos, args)
    if is_many(args) or args.out:
        return run_many_files(videos, args)
    from pins_plugin.inference.synchronizer import Synchronizer
    from pins_plugin.pipelines.active_speaker.sync_table import SyncRow, sync_rows
    from pins_plugin.utils.batch import Batch

    args.videos = [str(video) for video in videos]
    if args.fix and len(args.videos) > 1:
        raise PinsError(f"--fix: expected one video, got {len(args.videos)}")
    for target in filter(None, (args.fix, args.csv)):
        try_file(target)
    synchronizer = Synchronizer.from_hparams(args.model, run_opts={"device": args.device})
    rows: list[SyncRow] = []
    batch = Batch("sync", len(args.videos), "videos", args.traceback)
    for video in args.videos:
        with batch.costs_only(video):
            found = measure(video, synchronizer, args)
            mine = list(sync_rows(video, found, args.fail_above))
            rows += mine
            show(video, found, mine, args)
            if args.fix:
                mend(video, args.fix, found.result)
        if video in batch.failed:
            rows.append(SyncRow(video, "file", None, error=batch.failed[video]))
    over = report(rows, args)
    if over:
        return over
    batch.finish()
    return 0


def report(rows: "list[SyncRow]", args: argparse.Namespace) -> int:
    """Write the table, and say which files are off; the exit status."""
    from pins_plugin.pipelines.active_speaker.sync_table import write_sync_table
    from pins_plugin.utils.files import write_text

    if args.csv:
        write_text(args.csv, write_sync_table(rows))
    files = [row for row in rows if row.part == "file" and row.result is not None]
    over = [row for row in files if row.over]
    if args.fail_dubbed:
        over += [row for row in files if row.result and row.result.decision == "not this sound"]
    if over:
        names = ", ".join(row.file for row in over)
        print(printable(f"pins sync: off: {names}"), file=sys.stderr)
    return OVER if over else 0


def run_many_files(videos: list[Path], args: argparse.Namespace) -> int:
    """Measure each video by workers, into a file of its own, and then all into the table."""
    from pins_plugin.archive.failures import Failures
    from pins_plugin.cli._each_video import open_synchronizer, result_name
    from pins_plugin.errors import MediaError, PinsError
    from pins_plugin.pipelines.active_speaker.sync_table import SyncRow, from_plain
    from pins_plugin.utils.files import read_json
    from pins_plugin.utils.writable import try_file

    if not args.out or args.fix or args.parts:
        raise PinsError(
            "--out, --jobs, --shard, --ray: expected --out DIR, and neither --fix nor --parts (the JSON files have the parts)"
        )
    if args.csv:
        try_file(args.csv)
    out = Path(args.out)
    status = run_files("sync", videos, open_synchronizer, args)
    if args.csv is None and args.fail_above is None and not args.fail_dubbed:
        return status
    failed = Failures(out).read()
    rows: list[SyncRow] = []
    for video in map(str, videos):
        path = out / f"{result_name(args.names, Path(video))}.json"
        if video in failed:
            rows.append(SyncRow(video, "file", None, error=str(failed[video]["error"])))
        elif path.is_file():
            plain = read_json(path, MediaError, "a file of pins sync")
            rows += from_plain(video, plain, args.fail_above)
    return report(rows, args) or status


def measure(video: str, synchronizer: object, args: argparse.Namespace) -> "VideoSync":
    """Measure one file."""
    from pins_plugin.pipelines.active_speaker.synchronization import synchronize_video

    return synchronize_video(
        video,
        synchronizer,  # type: ignore[arg-type]
        max_offset=round(args.max_offset * 25),
        quiet=args.quiet or args.json,
        with_people=args.people,
    )


def show(video: str, found: "VideoSync", rows: "list[SyncRow]", args: argparse.Namespace) -> None:
    """Print what was found of one file."""
    from pins_plugin.pipelines.active_speaker.sync_table import plain_result, to_plain

    result = found.result
    several = len(args.videos) > 1
    if args.json:
        value: dict[str, object] = {"file": video} if several else {}
        value |= to_plain(found) if args.parts else plain_result(result)
        print(json.dumps(value))
        return
    said = describe(result) + differing(found)
    print(f"{video}: {said}" if several else said)
    if args.parts:
        if found.drift is not None:
            print(f"drift: {found.drift.milliseconds_per_minute:+.1f} ms a minute")
        for row in rows[1:]:
            if row.result is not None:
                print(f"  {row.part}: {describe(row.result)}")


def describe(result: "SyncResult") -> str:
    """Say the result in one sentence."""
    if result.decision == "cannot tell":
        return f"cannot tell: no face was seen speaking surely enough (confidence {result.confidence:.2f})"
    if result.decision == "not this sound":
        return "not this sound: nobody who is seen makes the sound that is heard (dubbed, a voice-over, or only listeners)"
    side = "late" if result.offset_seconds >= 0 else "early"
    return (
        f"{result.decision}: the sound comes {abs(result.offset_seconds):.2f} s too {side} "
        f"({result.offset_frames:+d} frames of 1/25 s; confidence {result.confidence:.2f})"
    )


def differing(found: "VideoSync") -> str:
    """What is to be added where a file has no offset of its own, because its shots have several."""
    from pins_plugin.inference.synchronizer import TOLERANCE
    from pins_plugin.pipelines.active_speaker.synchronization import ANSWERS

    offsets = [each.offset_frames for each in found.per_shot.values() if each.decision in ANSWERS]
    if not offsets or max(offsets) - min(offsets) <= 2 * TOLERANCE:
        return ""
    return f"; shots differ ({min(offsets):+d} to {max(offsets):+d} frames), see --parts"


def mend(video: str, target: str, result: "SyncResult") -> None:
    """Write the copy, or say why not."""
    from pins_plugin.data.media.shift_sound import write_shifted

    if result.decision in ("cannot tell", "not this sound"):
        raise PinsError(f"--fix {target}: nothing was written, because the offset is not known")
    write_shifted(video, target, -result.offset_seconds)
    print(f"written to {target}", file=sys.stderr)
