"""Make the page and the annotated video from a links.json file.

  pins report VIDEO links.json --out DIR     writes DIR/page.html and DIR/annotated.mp4

The page is one file without anything from outside: player, time line, people, review of doubtful turns, transcript.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from pins_plugin.cli._options import add_options
from pins_plugin.cli.convert import add_transcript_arguments, load_words

HELP = "make the page and the annotated video of a video from its links.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("video", type=Path, help="the video that was linked")
    parser.add_argument("links", type=Path, help="the links.json that `pins link` wrote")
    add_transcript_arguments(parser)
    parser.add_argument("--out", type=Path, default=Path(), help="folder (default: here)")
    add_options(parser, "no_video", "quiet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.data.links.links_file import add_words, read_links
    from pins_plugin.report.annotate import write_annotated_video
    from pins_plugin.report.page.video_page import write_page
    from pins_plugin.utils.writable import try_folder

    try_folder(args.out)
    links = read_links(args.links)
    if not _is_of(links, args.video):
        print(
            f"{args.links}: was written of {links['source'].get('path')}, which is another file than {args.video}",
            file=sys.stderr,
        )
    if args.transcript:
        words = load_words(args.transcript, float(links["duration"]), args.encoding)
        links = add_words(links, words)
    page = args.out / "page.html"
    write_page(args.video, links, page, quiet=args.quiet)
    print(page)
    if not args.no_video:
        annotated = args.out / "annotated.mp4"
        write_annotated_video(args.video, links, annotated, quiet=args.quiet)
        print(annotated)


def _is_of(links: dict[str, Any], video: Path) -> bool:
    """Tell whether links are of a video, as far as they say of which they are."""
    from pins_plugin.utils.content import describe_file

    source = links.get("source")
    if not isinstance(source, dict) or not video.is_file():
        return True
    return bool(describe_file(video, source)["content"] == source.get("content"))
