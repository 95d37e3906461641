"""Cut a linked video to whoever speaks.

  pins crop linked --shape 9:16 --out vertical       vertical/interview_9x16.mp4 (follows the speaker; sound as it was),
                                                     vertical/interview_9x16.csv (the window of each picture)
  pins crop linked --faces --out faces               faces/anna/0012.340.mp4, ...: the face of each speaker, with sound, for
                                                     the stretches in which that person speaks and is seen; faces/faces.csv

LINKED is the folder that `pins link --out` wrote, or its links.json. The window is as large as fits, pans slowly, and jumps where
shot or speaker change; it stays where it was while nobody who is seen speaks, on the largest face in a shot of such.
"""

import argparse
from pathlib import Path

from pins_plugin.cli._options import add_options, number
from pins_plugin.errors import PinsError

HELP = "cut a linked video to whoever speaks: vertical, square, or faces alone"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, "linked")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--shape", nargs="+", default=[], metavar="W:H", help="follow the speaker: such as 9:16, 1:1")  # fmt: skip
    parser.add_argument("--faces", action="store_true", help="the face of each speaker")
    add_options(parser, "size")
    parser.add_argument("--min_seconds", type=number(0), default=0.5, metavar="S", help="shortest stretch of a face (0.5)")  # fmt: skip
    add_options(parser, "video", "quiet")


def run(args: argparse.Namespace) -> None:
    """Cut, write, print."""
    from pins_plugin.data.links.linked_video import LinkedVideo
    from pins_plugin.data.links.links_file import read_linked
    from pins_plugin.formats.crop_path import parse_shape, to_crop_path
    from pins_plugin.report.crop_video import write_following_video, write_speaking_faces
    from pins_plugin.utils.files import write_text
    from pins_plugin.utils.writable import try_folder

    if not args.shape and not args.faces:
        raise PinsError("expected --shape 9:16, --shape 1:1 or --faces")
    shapes = [(text, parse_shape(text)) for text in args.shape]
    _, links, video = read_linked(args.linked)
    linked = LinkedVideo.from_links(links)
    video = args.video or video or Path(linked.video)
    try_folder(args.out)
    for text, shape in shapes:
        name = f"{Path(linked.video).stem}_{text.replace(':', 'x')}"
        target = args.out / f"{name}.mp4"
        found = write_following_video(video, linked, target, shape, args.quiet)
        write_text(args.out / f"{name}.csv", to_crop_path(found))
        print(target)
    if args.faces:
        written = write_speaking_faces(video, linked, args.out, args.size, args.min_seconds, args.quiet)  # fmt: skip
        print(f"{len(written)} stretches, listed in {args.out / 'faces.csv'}")
