"""Make simulated talking heads: a test bed whose truth is known.

  pins simulate clips OUT     face crops + 16 kHz sound + manifest.csv + people.npz, for training and scoring
  pins simulate voxceleb OUT  the same, laid out as VoxCeleb1 is released, with lists: to try recipes/VoxCeleb on
  pins simulate scenes OUT    videos in which people talk in turn, with cuts, and the truth about them
  pins simulate episode OUT   one long video with named characters and an example of each

The same seed makes the same people on every machine. Models trained on them know nothing of real people.
"""

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from pins_plugin.cli._options import add_options, number

HELP = "make simulated talking heads (clips for training, scenes with their truth)"


Option = tuple[str, Any, str]  # name, default (which says the type), help
PICTURE: tuple[Option, ...] = (("width", 640, "pixels"), ("height", 360, "pixels"))
CLIPS: tuple[Option, ...] = (
    ("people", 400, "how many people"),
    ("clips_per_person", 2, "clips of each person"),
    ("num_images", 4, "JPEG frames per clip"),
    ("image_size", 112, "pixels"),
    ("words", 3, "words per clip, about 0.5 s each"),
    ("seen_heard", 0, "people of the training with further clips for testing"),
)
SCENES: tuple[Option, ...] = (
    ("scenes", 1, "how many"),
    ("people", 3, "people seen in each, 1 to 4"),
    ("off_screen", 1, "people heard but never seen"),
    ("seconds", 30.0, "about how long each is"),
    ("overlap", 0.0, "how often somebody cuts in, 0 to 1"),
    *PICTURE,
)
EPISODE: tuple[Option, ...] = (
    ("characters", 6, "2 to 8"),
    ("minutes", 10.0, "about how long it is"),
    *PICTURE,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for name, options, text in (
        ("clips", CLIPS, "face tracks of many people, each with its own voice"),
        ("voxceleb", CLIPS, "a miniature of VoxCeleb1 and of the lists of Learnable PINs"),
        ("scenes", SCENES, "videos of conversations, with RTTM, boxes and who is who"),
        ("episode", EPISODE, "one long video with named characters"),
    ):
        kind = kinds.add_parser(
            name,
            help=text,
            description=text,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        kind.add_argument("out", type=Path, help="folder to write; an unfinished one is completed")
        kind.add_argument("--jobs", type=number(1, kind=int), help="processes (None stands for one per core)")  # fmt: skip
        add_options(kind, "seed", "quiet")
        for option, default, meaning in options:
            kind.add_argument(f"--{option}", type=type(default), default=default, help=meaning)
        if options is CLIPS:
            _add_clips(kind)


def _add_clips(parser: argparse.ArgumentParser) -> None:
    forms = ("images", "video")
    parser.add_argument(
        "--form", choices=forms, default="images", help="some frames, or every frame"
    )
    parser.add_argument(
        "--splits",
        type=float,
        nargs=3,
        default=(0.7, 0.1, 0.2),
        metavar=("TRAIN", "VALID", "TEST"),
        help="shares of people per split",
    )
    parser.add_argument(
        "--test_clips",
        type=int,
        help="clips of each person for testing (None stands for clips_per_person)",
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.utils.writable import try_folder

    try_folder(args.out)
    kind, write = _kind(args.kind)
    values = {field.name: getattr(args, field.name) for field in fields(kind)}
    settings = kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
    written = write(args.out, settings, jobs=args.jobs, quiet=args.quiet)
    if args.kind == "clips":
        from pins_plugin.simulation.corpus import list_clips

        print(f"{len(list_clips(settings))} clips of {settings.people} people: {written}")
    elif args.kind == "voxceleb":
        print(f"{settings.people} people: {written} and {written.with_name('lists')}")
    else:
        print(*written if args.kind == "scenes" else [written], sep="\n")


def _kind(name: str) -> tuple[type, Callable[..., Any]]:
    """The settings of one kind of simulation, and what writes it."""
    if name == "scenes":
        from pins_plugin.simulation.scenes import SceneSettings, write_scenes

        return SceneSettings, write_scenes
    if name == "episode":
        from pins_plugin.simulation.episode import EpisodeSettings, write_episode

        return EpisodeSettings, write_episode
    from pins_plugin.simulation.corpus import CorpusSettings, write_corpus
    from pins_plugin.simulation.voxceleb_tree import write_voxceleb_tree

    return CorpusSettings, write_corpus if name == "clips" else write_voxceleb_tree
