"""Cut clips of talking faces for a data set: face video with sound, sound, what is known, and why the rest was left out.

  pins cut interview.mp4 talk.mp4 --out clips         raw videos: linked first
  pins cut linked season/* --out clips                what `pins link --out` wrote
  pins cut *.mp4 --out shards --tar                   shard-000000.tar: key.face.mp4, key.wav, key.json (webdataset)

writes clips/KEY.face.mp4, clips/KEY.wav (16 kHz), clips/KEY.json, clips/manifest.csv for `pins train`, and clips/left_out.csv: every
stretch of a turn that makes no clip, with its reason. Filters, with what users of such data sets ask for as defaults:

  one face in the picture (--any_faces: not asked)       face of 80 pixels (--min_size)
  turned away by 45 degrees at most (--max_yaw)          link of confidence 0.8 (--min_confidence)
  3 to 15 s (--min_seconds, --max_seconds)               nobody else speaks (--overlap: not asked)
  lips and sound within a frame (--max_offset_frames 1; --any_sync: not asked)
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pins_plugin.data.links.linked_video import LinkedVideo
    from pins_plugin.formats.dataset_cut import ClipFilters, DatasetClip, LeftOut
    from pins_plugin.report.dataset_files import ClipFiles, ShardWriter

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


def run(args: argparse.Namespace) -> None:
    """Choose, cut, write, print."""
    from pins_plugin.errors import PinsError
    from pins_plugin.formats.dataset_cut import ClipFilters, left_out_table
    from pins_plugin.report.dataset_files import ClipFiles, ShardWriter, write_clip_manifest
    from pins_plugin.utils.batch import Batch
    from pins_plugin.utils.files import write_text
    from pins_plugin.utils.writable import try_folder

    if args.shard_clips < 1:
        raise PinsError(f"--shard_clips: expected 1 or more, got {args.shard_clips}")
    filters = ClipFilters(
        args.min_seconds, args.max_seconds, not args.any_faces, args.min_size, args.max_yaw,
        args.min_confidence, args.overlap,
    )  # fmt: skip
    try_folder(args.out)
    shards = ShardWriter(args.out, args.shard_clips) if args.tar else None
    left: list[tuple[str, LeftOut]] = []
    files: list[ClipFiles] = []
    batch = Batch("cut", len(args.inputs), "inputs", args.traceback)
    try:
        for source in args.inputs:
            with batch.costs_only(str(source)):
                left += _cut(source, filters, args, shards, files)
    finally:
        if shards is not None:
            shards.close()
    write_text(args.out / "left_out.csv", left_out_table(left))
    if shards is None and files:
        write_clip_manifest(args.out / "manifest.csv", files)
    seconds = sum(each.clip.end - each.clip.start for each in files)
    print(f"{len(files)} clips, {seconds:.1f} s; {len(left)} stretches left out, see {args.out / 'left_out.csv'}")  # fmt: skip
    batch.finish()


def _cut(
    source: Path,
    filters: "ClipFilters",
    args: argparse.Namespace,
    shards: "ShardWriter | None",
    files: "list[ClipFiles]",
) -> "list[tuple[str, LeftOut]]":
    """Cut one video; `files` gets its clips, and what was left out is given."""
    from pins_plugin.errors import PinsError
    from pins_plugin.formats.dataset_cut import choose_clips
    from pins_plugin.report.dataset_files import write_clips

    linked, video = _linked(source, args.quiet)
    clips, left = choose_clips(linked, filters)
    if not args.any_sync:
        clips, unsure = in_sync(video, clips, args.max_offset_frames, args.quiet)
        left += unsure
    keys = {each.key for each in files}
    for written in write_clips(video, clips, shards.scratch if shards else args.out, args.size):
        if written.key in keys:
            raise PinsError(f"{video}: another video of that name was cut; use two folders")
        files.append(written)
        if shards is not None:
            shards.add(written)
    return [(video.name, each) for each in left]


def in_sync(
    video: Path, clips: "list[DatasetClip]", max_offset: int, quiet: bool
) -> "tuple[list[DatasetClip], list[LeftOut]]":
    """Keep the clips whose lips fit the sound within `max_offset` frames of 1/25 s, each by itself."""
    from pins_plugin.formats.dataset_cut import LeftOut
    from pins_plugin.pipelines.active_speaker.clip_sync import FaceSpan, measure_stretches

    kept, left = [], []
    spans = [
        FaceSpan(clip.start, clip.end, clip.track.box_at((clip.start + clip.end) / 2))
        for clip in clips
    ]
    for clip, found in zip(clips, measure_stretches(video, spans, quiet), strict=True):
        if found.decision in ("in sync", "shifted") and abs(found.offset_frames) <= max_offset:
            kept.append(clip)
            continue
        reason = f"lips and sound: {found.decision}"
        if found.decision == "shifted":
            reason += f" by {found.offset_frames:+d} frames"
        left.append(LeftOut(clip.person, clip.track.track, clip.start, clip.end, reason))
    return kept, left


def _linked(source: Path, quiet: bool) -> "tuple[LinkedVideo, Path]":
    """Read a linked result, or link a raw video; and where the video is."""
    from pins_plugin.data.links.linked_source import find_video
    from pins_plugin.data.links.linked_video import LinkedVideo, read_links
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

    if source.is_dir() or source.suffix == ".json":
        links = read_links(source / "links.json" if source.is_dir() else source)
        return LinkedVideo.from_links(links), find_video(links) or Path(links["video"])
    return LinkedVideo.from_links(SpeakerFaceLinking(quiet=quiet)(source).to_json()), source
