"""Make the page and the annotated video from a links.json file, as after an edit of it.

  pins report VIDEO LINKED --out DIR     writes DIR/page.html and DIR/annotated.mp4

The page is one file without anything from outside: player, time line, people, review of doubtful turns, transcript.
"""

import argparse
import sys
from pathlib import Path

from pins_plugin.cli._options import add_options
from pins_plugin.cli.convert import add_transcript_arguments, with_words

HELP = "make the page and the annotated video of a video from its links.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("video", type=Path, help="the video that was linked")
    parser.add_argument(
        "links", type=Path, metavar="LINKED", help="folder of `pins link`, or its links.json"
    )
    add_transcript_arguments(parser)
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder (default: here)"
    )
    add_options(parser, "no_video", "quiet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.data.links.links_file import is_video_of, read_linked
    from pins_plugin.report.annotate import write_annotated_video
    from pins_plugin.report.page.video_page import write_page
    from pins_plugin.utils.writable import try_folder

    try_folder(args.out)
    path, links, _ = read_linked(args.links)
    if args.video.is_file() and not is_video_of(links, args.video):
        print(
            f"{path}: was written of {links['source'].get('path')}, which is another file than {args.video}",
            file=sys.stderr,
        )
    links = with_words(links, args)
    page = args.out / "page.html"
    write_page(args.video, links, page, quiet=args.quiet)
    print(page)
    if not args.no_video:
        annotated = args.out / "annotated.mp4"
        write_annotated_video(args.video, links, annotated, quiet=args.quiet)
        print(annotated)
