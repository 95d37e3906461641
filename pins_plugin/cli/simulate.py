"""Make simulated talking heads: a test bed whose truth is known.

  pins simulate clips OUT     face crops + 16 kHz sound + manifest.csv + people.npz, for training and scoring
  pins simulate voxceleb OUT  the same, laid out as VoxCeleb1 is released, with lists: to try recipes/VoxCeleb on
  pins simulate scenes OUT    videos in which people talk in turn, with cuts, and the truth about them
  pins simulate episode OUT   one long video with named characters and an example of each

The same seed makes the same people on every machine. Models trained on them know nothing of real people.
"""

import argparse
from dataclasses import fields
from pathlib import Path

HELP = "make simulated talking heads (clips for training, scenes with their truth)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_clips(kinds, "clips", "face tracks of many people, each with its own voice")
    _add_clips(kinds, "voxceleb", "a miniature of VoxCeleb1 and of the lists of Learnable PINs")
    _add_scenes(kinds)
    _add_episode(kinds)


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.utils.writable import try_folder

    try_folder(args.out)
    {
        "clips": _run_clips,
        "voxceleb": _run_voxceleb,
        "scenes": _run_scenes,
        "episode": _run_episode,
    }[args.kind](args)


def _add_clips(
    kinds: argparse._SubParsersAction,  # type: ignore[type-arg]
    name: str,
    text: str,
) -> None:
    parser = _kind(kinds, name, text)
    parser.add_argument("--people", type=int, default=400, help="how many people")
    parser.add_argument("--clips_per_person", type=int, default=2, help="clips of each person")
    parser.add_argument(
        "--form", choices=("images", "video"), default="images", help="some frames, or every frame"
    )
    parser.add_argument("--num_images", type=int, default=4, help="JPEG frames per clip")
    parser.add_argument("--image_size", type=int, default=112, help="pixels")
    parser.add_argument("--words", type=int, default=3, help="words per clip, about 0.5 s each")
    parser.add_argument(
        "--splits",
        type=float,
        nargs=3,
        default=(0.7, 0.1, 0.2),
        metavar=("TRAIN", "VALID", "TEST"),
        help="shares of people per split",
    )
    parser.add_argument(
        "--test_clips", type=int, help="clips of each person for testing (None: clips_per_person)"
    )
    parser.add_argument(
        "--seen_heard",
        type=int,
        default=0,
        help="people of the training with further clips for testing",
    )


def _add_scenes(kinds: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    parser = _kind(kinds, "scenes", "videos of conversations, with RTTM, boxes and who is who")
    parser.add_argument("--scenes", type=int, default=1, help="how many")
    parser.add_argument("--people", type=int, default=3, help="people seen in each, 1 to 4")
    parser.add_argument("--off_screen", type=int, default=1, help="people heard but never seen")
    parser.add_argument("--seconds", type=float, default=30.0, help="about how long each is")
    parser.add_argument(
        "--overlap", type=float, default=0.0, help="how often somebody cuts in, 0 to 1"
    )
    _add_size(parser)


def _add_episode(kinds: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    parser = _kind(kinds, "episode", "one long video with named characters")
    parser.add_argument("--characters", type=int, default=6, help="2 to 8")
    parser.add_argument("--minutes", type=float, default=10.0, help="about how long it is")
    _add_size(parser)


def _kind(
    kinds: argparse._SubParsersAction,  # type: ignore[type-arg]
    name: str,
    text: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(
        name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder to write; an unfinished one is completed")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other people")
    parser.add_argument("--jobs", type=int, default=None, help="processes (None: one per core)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _add_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--width", type=int, default=640, help="pixels")
    parser.add_argument("--height", type=int, default=360, help="pixels")


def _settings(kind: type, args: argparse.Namespace):  # type: ignore[no-untyped-def]
    values = {field.name: getattr(args, field.name) for field in fields(kind)}
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def _run_clips(args: argparse.Namespace) -> None:
    from pins_plugin.simulation.corpus import CorpusSettings, clip_numbers, write_corpus

    settings = _settings(CorpusSettings, args)
    manifest = write_corpus(args.out, settings, jobs=args.jobs, quiet=args.quiet)
    count = len(clip_numbers(settings))
    print(f"{count} clips of {settings.people} people: {manifest}")


def _run_voxceleb(args: argparse.Namespace) -> None:
    from pins_plugin.simulation.corpus import CorpusSettings
    from pins_plugin.simulation.voxceleb_tree import write_voxceleb_tree

    settings = _settings(CorpusSettings, args)
    root = write_voxceleb_tree(args.out, settings, jobs=args.jobs, quiet=args.quiet)
    print(f"{settings.people} people: {root} and {root.with_name('lists')}")


def _run_scenes(args: argparse.Namespace) -> None:
    from pins_plugin.simulation.scenes import SceneSettings, write_scenes

    settings = _settings(SceneSettings, args)
    for video in write_scenes(args.out, settings, jobs=args.jobs, quiet=args.quiet):
        print(video)


def _run_episode(args: argparse.Namespace) -> None:
    from pins_plugin.simulation.episode import EpisodeSettings, write_episode

    settings = _settings(EpisodeSettings, args)
    print(write_episode(args.out, settings, jobs=args.jobs, quiet=args.quiet))
