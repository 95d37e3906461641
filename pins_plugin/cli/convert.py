"""Write a linked result in the formats of other programs.

  pins convert linked --to srt vtt txt             linked/interview.srt, linked/interview.vtt, ...
  pins convert linked --to elan --out elsewhere    into another folder
  pins convert linked --to srt --transcript talk.json     with words of whisper, faster-whisper, whisperX, or SRT, VTT
  pins convert linked --to active_speakers --rate 25      25 rows a second and face

subtitles      srt, vtt (<v Name>), ass (name as actor); txt (blocks to read), csv (a row for each turn)
annotation     elan, textgrid (Praat), audacity; one tier for each name
boxes          label_studio (and the turns on its time line), cvat, mot
editors        edl (markers for DaVinci Resolve), fcp7 (Premiere), otio (extra: pins_plugin[editors])
who speaks     active_speakers (CSV), parquet (the same; extra: pins_plugin[parquet]), ava (layout of AVA-ActiveSpeaker; `pins score` reads it)

LINKED is the folder that `pins link --out` wrote, or its links.json. Boxes and editors look into the video for its size and
frame rate; where it is gone, say --size 1920x1080 --frame_rate 29.97. `pins link --transcript` keeps the words for good.
Overlapping turns and words outside of all turns are in every format.
"""

import argparse
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pins_plugin.cli._many import check_file
from pins_plugin.cli._options import add_options, number
from pins_plugin.errors import PinsError
from pins_plugin.utils.text import printable

if TYPE_CHECKING:
    from pins_plugin.data.links.linked_video import LinkedVideo
    from pins_plugin.formats.boxes import Picture
    from pins_plugin.types import TranscriptWord

HELP = "write a linked result as subtitles, for ELAN, Praat, editors, annotation tools, ..."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, "linked")
    parser.add_argument("--to", nargs="+", required=True, metavar="FORMAT", help="see above")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default: beside links.json)")  # fmt: skip
    add_transcript_arguments(parser)
    parser.add_argument("--rate", type=number(0.1, 1000), metavar="HZ", help="rows a second of active_speakers and ava (default: every picture)")  # fmt: skip
    add_options(parser, "video")
    parser.add_argument("--size", metavar="WxH", help="size of the picture, without looking into the video")  # fmt: skip
    parser.add_argument("--frame_rate", type=number(1, 1000), metavar="HZ", help="without looking into the video")  # fmt: skip


def add_transcript_arguments(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Declare --transcript and --encoding, which several commands have."""
    parser.add_argument(
        "--transcript",
        type=Path,
        metavar="FILE",
        help=f"words: .json of whisper, faster-whisper or whisperX, .srt, .vtt{more}",
    )
    parser.add_argument("--encoding", metavar="NAME", help="of the transcript (default: UTF-8)")


def run(args: argparse.Namespace) -> None:
    """Read, write, print."""
    from pins_plugin.data.links.linked_video import LinkedVideo
    from pins_plugin.data.links.links_file import read_linked
    from pins_plugin.formats.convert import Target, write_formats
    from pins_plugin.utils.writable import try_folder

    path, links, video = read_linked(args.linked)
    links = with_words(links, args)
    if args.video:
        check_file(args.video)
    video = args.video or video
    source = links.get("source")
    before = source.get("path") if isinstance(source, dict) else None
    path_then = Path(str(video or before or links["video"])).absolute()
    linked = replace(LinkedVideo.from_links(links), video=str(path_then))
    if source is None:  # links of an older version, or of another program
        video = path_then
    out = args.out or path.parent
    try_folder(out)
    target = Target(out, args.rate, cache(lambda: find_picture(linked, video, args)))
    for written in write_formats(linked, args.to, out / Path(linked.video).stem, target):
        print(written)


def with_words(links: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Put the transcript into links, where one is given."""
    from pins_plugin.data.links.links_file import add_words

    if not args.transcript:
        return links
    words = load_words(args.transcript, float(links["duration"]), args.encoding)
    return add_words(links, words)


def load_words(
    path: Path, duration: float | None = None, encoding: str | None = None
) -> "tuple[TranscriptWord, ...]":
    """Read a transcript, and say on standard error what had to be put right."""
    from pins_plugin.data.links.transcripts import read_transcript

    transcript = read_transcript(path, duration=duration, encoding=encoding)
    for warning in transcript.warnings:
        print(printable(f"{path}: {warning}"), file=sys.stderr)
    return transcript.words


def find_picture(linked: "LinkedVideo", video: Path | None, args: argparse.Namespace) -> "Picture":
    """Size and rate as the options say, else as the video has them, where it is known which that is."""
    from pins_plugin.data.media.video import iter_frames, probe_video
    from pins_plugin.formats.boxes import Picture, first_picture
    from pins_plugin.formats.timecode import as_rate

    width, height = parse_size(args.size) if args.size else (0, 0)
    if video is not None and video.is_file():
        info = probe_video(video)
        first = next(iter_frames(video, max_side=64)).time
        rate = info.frame_rate if args.frame_rate is None else args.frame_rate
        return Picture.of(width or info.width, height or info.height, rate, first)
    if args.size and args.frame_rate is not None:
        first = first_picture(linked, as_rate(args.frame_rate))
        return Picture.of(width, height, args.frame_rate, first)
    raise PinsError(
        f"{linked.video}: is not there, and its size and frame rate are needed; say --video FILE, "
        "or --size 1920x1080 --frame_rate 25"
    )


def parse_size(text: str) -> tuple[int, int]:
    """Read "1920x1080"."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise PinsError(f"--size: expected pixels such as 1920x1080, got {text!r}")
    return int(width), int(height)
