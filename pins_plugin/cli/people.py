"""Keep examples of people: one picture and/or one voice sample each, by which `pins link --people` names them.

pins people cast add anna portrait.jpg voice.wav
pins people cast list
pins people cast remove anna
"""

import argparse

HELP = "keep examples that name people"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", metavar="DIR", help="folder of examples")
    parser.add_argument("action", choices=("add", "list", "remove"))
    parser.add_argument("name", nargs="?", help="of the person")
    parser.add_argument("files", nargs="*", metavar="FILE", help="picture or sound (add)")


def run(args: argparse.Namespace) -> None:
    """Add, list or remove."""
    import shutil
    from pathlib import Path

    from pins_plugin.errors import MediaError, PinsError
    from pins_plugin.pipelines.names import IMAGES, SOUNDS
    from pins_plugin.utils.files import atomic_path

    folder = Path(args.folder)
    kinds = (*IMAGES, *SOUNDS)
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in kinds)
    if args.action == "list":
        for name in sorted({path.stem for path in found}):
            print(name, *(path.name for path in found if path.stem == name))
        return
    if not args.name or Path(args.name).name != args.name:
        raise PinsError(f"{args.action}: expected the name of a person, got {args.name!r}")
    if args.action == "remove":
        mine = [path for path in found if path.stem == args.name]
        if not mine:
            raise MediaError(
                f"{folder}: has no example of {args.name}; `pins people {folder} list`"
            )
        for path in mine:
            path.unlink()
        return
    if not args.files:
        raise PinsError("add: expected at least one picture or sound file")
    from pins_plugin.pipelines.linking import SpeakerFaceLinking

    pipeline = SpeakerFaceLinking(evidence=())
    for path in map(Path, args.files):
        kind = path.suffix.lower()
        if kind not in kinds or not path.is_file():
            raise MediaError(f"{path}: expected a picture or sound file ({', '.join(kinds)})")
        (pipeline.embed_picture if kind in IMAGES else pipeline.embed_sound)(path)  # usable?
        with atomic_path(folder / f"{args.name}{kind}") as temporary:
            shutil.copyfile(path, temporary)
        print(f"{args.name}: {path.name}")
