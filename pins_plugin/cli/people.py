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
import shutil
from pathlib import Path

from pins_plugin.cli._options import number
from pins_plugin.errors import MediaError, PinsError

ACTIONS = ("add", "list", "remove", "rename", "suggest", "why", "split", "undo", "forget", "expire", "join")  # fmt: skip
CONSENT = ".consent.txt"
WITHOUT_NAME = ("list", "suggest", "undo", "expire")
OF_EXAMPLES = ("list", "remove", "forget")  # where nobody was met
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
        default=[],
        metavar="FILE",
        help="add: picture or sound; rename: the new name; split: videos; why: folder of examples",
    )
    parser.add_argument(
        "--jobs", type=number(0, kind=int), default=0, metavar="N", help="join: worker processes"
    )
    parser.add_argument("--consent", metavar="TEXT", help="add: a note that is kept beside the example")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Do it with the examples of a folder, or with the people met in videos."""
    from pins_plugin.pipelines.people.registry import FILE
    from pins_plugin.utils.files import write_text

    folder, action, registry = args.folder, args.action, args.folder / FILE
    if action == "join":
        from pins_plugin.cli._join_archive import join_archive

        return join_archive(folder, args.jobs)
    if action not in WITHOUT_NAME and not _is_name(args.name):
        raise PinsError(f"{action}: expected the name of a person, got {args.name!r}")
    if action == "add":
        _add_example(folder, args.name, [Path(file) for file in args.files], args.traceback)
        if args.consent:
            write_text(folder / f"{args.name}{CONSENT}", f"{args.consent}\n")
    elif action not in OF_EXAMPLES or registry.is_file():
        from pins_plugin.cli._people_over_time import change

        change(args)
    elif action == "list":
        _list_examples(folder, FILE)
    else:
        _remove_example(folder, args.name)
    if action in ("remove", "forget", "expire") and registry.is_file():
        from pins_plugin.cli._join_archive import shed_vectors

        shed_vectors(folder)
    return 0


def _is_name(name: str | None) -> bool:
    """Tell whether a file can be called so, in this very folder, for all to see."""
    if not name or name.startswith(".") or not name.isprintable():
        return False
    return Path(name).name == name and "\\" not in name


def _examples(folder: Path) -> list[Path]:
    from pins_plugin.pipelines.people.enrollment import AUDIO_SUFFIXES, IMAGES

    return sorted(
        path
        for path in folder.glob("*")
        if path.suffix.lower() in (*IMAGES, *AUDIO_SUFFIXES) and not path.name.startswith(".")
    )


def _list_examples(folder: Path, registry: str) -> None:
    found = _examples(folder)
    if not found:
        raise MediaError(
            f"{folder}: holds no examples, and no {registry}, which `pins link` of several videos writes; check the path"
        )
    for name in sorted({path.stem for path in found}):
        note = folder / f"{name}{CONSENT}"
        consent = [f"({note.read_text(encoding='utf-8').strip()})"] if note.is_file() else []
        print(name, *(path.name for path in found if path.stem == name), *consent)


def _add_example(folder: Path, name: str, files: list[Path], with_traceback: bool) -> None:
    """Copy pictures and sounds that can be used; one of each ending, which takes the place of an earlier one."""
    from pins_plugin.cli._many import check_file
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
            check_file(path)
            if kind not in (*IMAGES, *AUDIO_SUFFIXES):
                wanted = ", ".join((*IMAGES, *AUDIO_SUFFIXES))
                raise MediaError(f"{path}: expected a picture or sound file ({wanted})")
            (pipeline.embed_picture if kind in IMAGES else pipeline.embed_audio)(path)  # usable?
            with atomic_path(folder / f"{name}{kind}") as temporary:
                shutil.copyfile(path, temporary)
            print(f"{name}: {path.name}")
    batch.finish()


def _remove_example(folder: Path, name: str) -> None:
    mine = [path for path in _examples(folder) if path.stem == name]
    if not mine:
        raise MediaError(f"{folder}: has no example of {name}; `pins people {folder} list`")
    for path in (*mine, folder / f"{name}{CONSENT}"):
        path.unlink(missing_ok=True)
