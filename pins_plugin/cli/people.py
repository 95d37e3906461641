"""Keep examples of people, and name those whom `pins link` met.

Examples, one picture and/or one voice sample each, by which `pins link --people cast` names people:

  pins people cast add anna portrait.jpg voice.wav
  pins people cast list
  pins people cast remove anna

Everyone met in the videos of `pins link *.mp4 --out out`; a new name goes into all their pages and files, and two
labels with one name are one person from then on:

  pins people out list
  pins people out rename PERSON_03 anna
  pins people out remove PERSON_07        forgets; files stay, the number is never given again

Of an archive (`pins link ... --jobs N`, `--shard`, `--ray`), people are numbered video by video until

  pins people out join [--jobs N]         joins them over all videos; labels given before stay
"""

import argparse
from pathlib import Path

HELP = "keep examples that name people; name those met in videos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="folder of examples, or --out of pins link"
    )
    parser.add_argument("action", choices=("add", "join", "list", "remove", "rename"))
    parser.add_argument("name", nargs="?", help="of the person")
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="add: picture or sound; rename: the new name"
    )
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="join: worker processes")


def run(args: argparse.Namespace) -> int:
    """Add, join, list, remove or rename."""
    from pins_plugin.errors import PinsError
    from pins_plugin.pipelines.people.registry import FILE

    if args.action == "join":
        from pins_plugin.cli._join_archive import join_archive

        return join_archive(args.folder, args.jobs)
    if args.action != "list" and not _is_name(args.name):
        raise PinsError(f"{args.action}: expected the name of a person, got {args.name!r}")
    if args.action == "add":
        _add_example(args.folder, args.name, [Path(file) for file in args.files], args.traceback)
    elif args.action == "rename" or (args.folder / FILE).is_file():
        _change_cast(args)
    elif args.action == "list":
        found = _examples(args.folder)
        for name in sorted({path.stem for path in found}):
            print(name, *(path.name for path in found if path.stem == name))
    else:
        _remove_example(args.folder, args.name)
    return 0


def _is_name(name: str | None) -> bool:
    """Tell whether a file can be called so, in this very folder, for all to see."""
    if not name or name.startswith(".") or not name.isprintable():
        return False
    return Path(name).name == name and "\\" not in name


def _change_cast(args: argparse.Namespace) -> None:
    """List, rename or remove people met in videos."""
    from pins_plugin.cli._results import catch_up
    from pins_plugin.errors import PinsError
    from pins_plugin.pipelines.people.registry import Cast

    cast = Cast.of_folder(args.folder)
    if args.action == "list":
        for label in cast.labels:
            seen = [each for each in cast.appearances if each.person == label]
            seconds = sum(each.seconds for each in seen)
            print(f"{label:12} {seconds:7.1f} s in {', '.join(each.video for each in seen)}")
        return
    new = args.files[0].strip() if len(args.files) == 1 else ""
    if args.action == "rename" and not new:
        raise PinsError("rename: expected the old and the new name")
    with cast.held():
        is_renamed = args.action == "rename" and cast.renamed_since(0).get(args.name) == new
        if args.name not in cast.labels and not is_renamed:
            raise PinsError(f"{args.name}: expected one of {', '.join(cast.labels)}")
        if args.action == "remove":
            cast.remove(args.name)
        elif args.name in cast.labels:
            cast.rename({args.name: new})
    with cast.held():  # the name is in the people's file now, whatever happens here
        catch_up(args.folder, cast, quiet=True)


def _examples(folder: Path) -> list[Path]:
    from pins_plugin.pipelines.people.enrollment import IMAGES, SOUNDS

    return sorted(
        path
        for path in folder.glob("*")
        if path.suffix.lower() in (*IMAGES, *SOUNDS) and not path.name.startswith(".")
    )


def _add_example(folder: Path, name: str, files: list[Path], with_traceback: bool) -> None:
    """Copy pictures and sounds that can be used; one of each ending, which takes the place of an earlier one."""
    import shutil

    from pins_plugin.errors import MediaError, PinsError
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
    from pins_plugin.pipelines.people.enrollment import IMAGES, SOUNDS
    from pins_plugin.utils.batch import Batch
    from pins_plugin.utils.files import atomic_path
    from pins_plugin.utils.writable import try_folder

    if not files:
        raise PinsError("add: expected at least one picture or sound file")
    kinds = [path.suffix.lower() for path in files]
    if len(set(kinds)) < len(kinds):
        raise PinsError(
            f"add: expected one file of each ending, got {', '.join(path.name for path in files)}: "
            f"they would all be {name}{kinds[0]}; keep the best"
        )
    try_folder(folder)
    pipeline = SpeakerFaceLinking(evidence=())
    batch = Batch("people", len(files), with_traceback=with_traceback)
    for path in files:
        with batch.costs_only(str(path)):
            kind = path.suffix.lower()
            if kind not in (*IMAGES, *SOUNDS) or not path.is_file():
                wanted = ", ".join((*IMAGES, *SOUNDS))
                raise MediaError(f"{path}: expected a picture or sound file ({wanted})")
            (pipeline.embed_picture if kind in IMAGES else pipeline.embed_sound)(path)  # usable?
            with atomic_path(folder / f"{name}{kind}") as temporary:
                shutil.copyfile(path, temporary)
            print(f"{name}: {path.name}")
    batch.finish()


def _remove_example(folder: Path, name: str) -> None:
    from pins_plugin.errors import MediaError

    mine = [path for path in _examples(folder) if path.stem == name]
    if not mine:
        raise MediaError(f"{folder}: has no example of {name}; `pins people {folder} list`")
    for path in mine:
        path.unlink()
