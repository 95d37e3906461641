"""Make simulated talking heads: a test bed whose truth is known.

  pins simulate clips OUT     face crops + 16 kHz sound + manifest.csv + people.npz, for training and scoring

The same seed makes the same people and clips on every machine. Models trained on them know nothing of real people.
"""

import argparse
from pathlib import Path

HELP = "make simulated talking heads (clips for training, scenes with their truth)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    clips = kinds.add_parser(
        "clips",
        help="face tracks of many people, each with its own voice",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    clips.add_argument("out", type=Path, help="folder to write; an unfinished one is completed")
    clips.add_argument("--people", type=int, default=400, help="how many people")
    clips.add_argument("--clips_per_person", type=int, default=2, help="clips of each person")
    clips.add_argument("--seed", type=int, default=0, help="other seeds make other people")
    clips.add_argument(
        "--form", choices=("images", "video"), default="images", help="some frames, or every frame"
    )
    clips.add_argument("--num_images", type=int, default=4, help="JPEG frames per clip")
    clips.add_argument("--image_size", type=int, default=112, help="pixels")
    clips.add_argument("--words", type=int, default=3, help="words per clip, about 0.5 s each")
    clips.add_argument(
        "--splits",
        type=float,
        nargs=3,
        default=(0.7, 0.1, 0.2),
        metavar=("TRAIN", "VALID", "TEST"),
        help="shares of people per split",
    )
    for kind in (clips,):
        kind.add_argument(
            "--jobs", type=int, default=None, help="processes (default: one per core)"
        )
        kind.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.simulation.corpus import CorpusSettings, write_corpus

    settings = CorpusSettings(
        args.people,
        args.clips_per_person,
        args.seed,
        args.form,
        args.num_images,
        args.image_size,
        args.words,
        tuple(args.splits),
    )
    manifest = write_corpus(args.out, settings, jobs=args.jobs, quiet=args.quiet)
    print(
        f"{settings.people * settings.clips_per_person} clips of {settings.people} people: {manifest}"
    )
