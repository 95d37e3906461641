"""Keep examples of people, and name those whom `pins link` met.

Examples, one picture and/or one voice sample each, by which `pins link --people cast` names people:

  pins people cast add anna portrait.jpg voice.wav
  pins people cast list
  pins people cast remove anna

Everyone met in the videos of `pins link *.mp4 --out out`; a new name goes into all their pages and files, and two
labels with one name are one person from then on:

  pins people out list
  pins people out rename PERSON_03 anna
  pins people out suggest                       two labels that may be one person, with the evidence
  pins people out why PERSON_03 [cast]          nearest, how near, how near was needed; among the others, or the examples
  pins people out split PERSON_03 talk news     in these videos it is somebody else: gets a number of its own
  pins people out undo                          takes the last name back, also where it joined two
  pins people out remove PERSON_07              forgets face and voice; files stay, the number is never given again
  pins people out forget anna                   deletes face, voice, and the name in all files and pages
  pins people out expire 30                     forgets faces and voices of videos linked more than 30 days ago

`pins people cast forget anna` deletes the examples, and `--consent "signed on ..."` with `add` keeps a note beside each.

Of an archive (`pins link ... --jobs N`, `--shard`, `--ray`), people are numbered video by video until

  pins people out join [--jobs N]               joins them over all videos; labels given before stay
"""

import argparse
from pathlib import Path

ACTIONS = ("add", "list", "remove", "rename", "suggest", "why", "split", "undo", "forget", "expire", "join")  # fmt: skip
CONSENT = ".consent.txt"
WITHOUT_NAME = ("list", "suggest", "undo", "expire")
HELP = "keep examples that name people (enrollment); name those met in videos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="folder of examples, or --out of pins link"
    )
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("name", nargs="?", help="of the person")
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="add: picture or sound; rename: the new name; split: videos; why: folder of examples",
    )
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="join: worker processes")
    parser.add_argument("--consent", metavar="TEXT", help="add: a note that is kept beside the example")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Add, join, list, remove or rename."""
    from pins_plugin.errors import MediaError, PinsError
    from pins_plugin.pipelines.people.registry import FILE
    from pins_plugin.utils.files import write_text

    if args.action == "join":
        from pins_plugin.cli._join_archive import join_archive

        return join_archive(args.folder, args.jobs)
    if args.action not in WITHOUT_NAME and not _is_name(args.name):
        raise PinsError(f"{args.action}: expected the name of a person, got {args.name!r}")
    if args.action == "add":
        _add_example(args.folder, args.name, [Path(file) for file in args.files], args.traceback)
        if args.consent:
            write_text(args.folder / f"{args.name}{CONSENT}", f"{args.consent}\n")
    elif args.action in ACTIONS[4:] and (args.action != "forget" or (args.folder / FILE).is_file()):
        _over_time(args)
    elif args.action == "rename" or (args.folder / FILE).is_file():
        _change_cast(args)
    elif args.action == "list":
        found = _examples(args.folder)
        if not found:
            raise MediaError(
                f"{args.folder}: holds no examples, and no {FILE}, which `pins link` of several videos writes; check the path"
            )
        for name in sorted({path.stem for path in found}):
            note = args.folder / f"{name}{CONSENT}"
            consent = [f"({note.read_text(encoding='utf-8').strip()})"] if note.is_file() else []
            print(name, *(path.name for path in found if path.stem == name), *consent)
    else:
        _remove_example(args.folder, args.name)
    if args.action in ("remove", "forget", "expire") and (args.folder / FILE).is_file():
        from pins_plugin.cli._join_archive import shed_vectors

        shed_vectors(args.folder)
    return 0


def _is_name(name: str | None) -> bool:
    """Tell whether a file can be called so, in this very folder, for all to see."""
    if not name or name.startswith(".") or not name.isprintable():
        return False
    return Path(name).name == name and "\\" not in name


def _over_time(args: argparse.Namespace) -> None:
    """Suggest, explain, split, undo, forget, expire."""
    from pins_plugin.cli import _people_over_time as over_time
    from pins_plugin.errors import PinsError
    from pins_plugin.pipelines.people.registry import Cast

    cast = Cast.of_folder(args.folder)
    if args.action == "suggest":
        over_time.suggest(cast)
    elif args.action == "why":
        over_time.why(cast, args.name, Path(args.files[0]) if args.files else None)
    elif args.action == "split":
        over_time.split(args.folder, cast, args.name, args.files)
    elif args.action == "undo":
        over_time.undo(args.folder, cast)
    elif args.action == "forget":
        over_time.forget(args.folder, cast, args.name)
    else:
        try:
            days = float(args.name or "")
        except ValueError as error:
            raise PinsError(f"expire: expected a number of days, got {args.name!r}") from error
        over_time.expire(args.folder, cast, days)


def _change_cast(args: argparse.Namespace) -> None:
    """List, rename or remove people met in videos."""
    from pins_plugin.cli._people_over_time import check_known
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
        if not is_renamed:
            check_known(cast, args.name)
        if args.action == "remove":
            cast.remove(args.name)
        elif args.name in cast.labels:
            cast.rename({args.name: new})
    with cast.held():  # the name is in the people's file now, whatever happens here
        catch_up(args.folder, cast, quiet=True)


def _examples(folder: Path) -> list[Path]:
    from pins_plugin.pipelines.people.enrollment import AUDIO_SUFFIXES, IMAGES

    return sorted(
        path
        for path in folder.glob("*")
        if path.suffix.lower() in (*IMAGES, *AUDIO_SUFFIXES) and not path.name.startswith(".")
    )


def _add_example(folder: Path, name: str, files: list[Path], with_traceback: bool) -> None:
    """Copy pictures and sounds that can be used; one of each ending, which takes the place of an earlier one."""
    import shutil

    from pins_plugin.errors import MediaError, PinsError
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
    from pins_plugin.pipelines.people.enrollment import AUDIO_SUFFIXES, IMAGES
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
            if not path.is_file():
                raise MediaError(f"{path}: no such file; check the path")
            if kind not in (*IMAGES, *AUDIO_SUFFIXES):
                wanted = ", ".join((*IMAGES, *AUDIO_SUFFIXES))
                raise MediaError(f"{path}: expected a picture or sound file ({wanted})")
            (pipeline.embed_picture if kind in IMAGES else pipeline.embed_audio)(path)  # usable?
            with atomic_path(folder / f"{name}{kind}") as temporary:
                shutil.copyfile(path, temporary)
            print(f"{name}: {path.name}")
    batch.finish()


def _remove_example(folder: Path, name: str) -> None:
    from pins_plugin.errors import MediaError

    mine = [path for path in _examples(folder) if path.stem == name]
    if not mine:
        raise MediaError(f"{folder}: has no example of {name}; `pins people {folder} list`")
    for path in (*mine, folder / f"{name}{CONSENT}"):
        path.unlink(missing_ok=True)
