"""Say which face speaks in a video, and where.

  pins link interview.mp4 --out out          out/page.html (to watch and review), out/links.json, out/speakers.rttm,
                                             out/people.rttm, out/links.csv, out/annotated.mp4
  pins link *.mp4 --out out                  out/<name>/... for each; a video that cannot be used is skipped
  pins link talk.mp4 --out out --diarization talk.rttm     with the turns of another system
  pins link *.mp4 --out out --people cast                  names from cast/anna.jpg, cast/ben.wav, ...

Of several videos, out/people.safetensors keeps who was met: a stranger is PERSON_03 in all of them, in those that
are linked into the same folder later too. `pins people out list` shows them, `pins people out rename PERSON_03 anna`
gives a name everywhere; so does an example in --people, later. What is linked already is not linked again.

links.json is described in docs/files.md: links [{start, end, speaker, person (null: not on screen), box, confidence,
status, evidence}], tracks [{track, person, start, end, boxes}]. Times are seconds, boxes are pixels of the original picture.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
    from pins_plugin.pipelines.people.registry import Cast

HELP = "link speakers to faces in videos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--diarization", metavar="RTTM", help="turns; built-in when not given")
    parser.add_argument(
        "--people", metavar="DIR", help="examples that name people: anna.jpg, anna.wav, ..."
    )
    parser.add_argument(
        "--evidence",
        nargs="+",
        metavar="NAME",
        help="sources to use: sync, presence, joint (all by default), motion, or a plugin",
    )
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="NAME", help="sources not to use"
    )
    parser.add_argument(
        "--model",
        metavar="FOLDER",
        help="joint embedding of faces and voices (pins train), as evidence `joint`",
    )
    parser.add_argument(
        "--tracker", metavar="NAME", help="tracker of another package (pins plugins)"
    )
    parser.add_argument(
        "--face_encoder",
        default="face_recognition",
        metavar="MODEL",
        help="tells people apart: model folder, ONNX file, plugin, facenet (InceptionResnetV1, where its weights "
        "are present) or appearance (no recognition) (default: face_recognition)",
    )
    parser.add_argument(
        "--corrections",
        type=Path,
        metavar="JSON",
        help="what was exported from the page (one video): settles turns and names, and decides the rest anew",
    )
    parser.add_argument(
        "--again", action="store_true", help="link again what is linked already in the same way"
    )
    parser.add_argument("--no_video", action="store_true", help="write no annotated video")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def run(args: argparse.Namespace) -> None:
    """Link each video, write, print."""
    import sys

    import torch

    from pins_plugin.errors import MediaError, PinsError
    from pins_plugin.pipelines.linking.pipeline import DEFAULT_EVIDENCE, SpeakerFaceLinking
    from pins_plugin.pipelines.people.registry import FILE, Cast
    from pins_plugin.utils.text import printable

    videos, out = [Path(video) for video in args.videos], Path(args.out)
    several = len(videos) > 1 or (out / FILE).is_file()
    if len(videos) > 1 and args.corrections:
        raise PinsError(f"--corrections: expected one video, got {len(videos)}")
    if len({video.stem for video in videos}) < len(videos):
        raise PinsError("two videos have the same name; link them into two folders")
    encoder = Path(args.face_encoder).name
    cast = Cast(encoder) if several else None
    if (out / FILE).is_file():
        cast = Cast.load(out / FILE, encoder)
    pipeline = SpeakerFaceLinking(
        diarization=args.diarization,
        evidence=choose_evidence(args.evidence or DEFAULT_EVIDENCE, args.without),
        model=args.model,
        recognition=args.face_encoder,
        tracker=args.tracker,
        people=args.people,
        cast=cast,
        quiet=args.quiet,
    ).to(torch.device(args.device))
    if cast is not None:
        _name_strangers(pipeline, cast, out, args.quiet)
    failed = []
    for video in videos:
        try:
            link_video(pipeline, video, out / video.stem if several else out, args)
        except PinsError as error:
            if len(videos) == 1:
                raise
            failed.append(video.name)
            print(f"pins link: {printable(str(error))}", file=sys.stderr)
    if failed:
        raise MediaError(f"{len(failed)} of {len(videos)} videos not linked: {', '.join(failed)}")


def choose_evidence(names: Sequence[str], without: Sequence[str]) -> list[str]:
    """Leave out sources of evidence, each of which must be among `names`."""
    from pins_plugin.errors import PinsError

    for name in without:
        if name not in names:
            raise PinsError(f"--without: expected some of {', '.join(names)}, got {name!r}")
    return [name for name in names if name not in without]


def link_video(
    pipeline: "SpeakerFaceLinking", video: Path, out: Path, args: argparse.Namespace
) -> None:
    """Link one video; its folder is written whole or not at all."""
    from pins_plugin.data.corrections import read_corrections
    from pins_plugin.pipelines.diarization.rttm import write_rttm
    from pins_plugin.pipelines.linking.result import write_links_table
    from pins_plugin.pipelines.people.registry import FILE
    from pins_plugin.report.annotate import write_annotated_video
    from pins_plugin.report.page import write_page
    from pins_plugin.utils.files import atomic_contents, write_json_rows

    corrections = read_corrections(args.corrections) if args.corrections else None
    run_key = _run_key(video, args)
    if corrections is None and not args.again and _is_done(out, run_key):
        print(f"{video}: linked already; {out}")
        return
    result = pipeline(video, corrections=corrections)
    links = {**result.to_json(), "run": run_key}
    if pipeline.cast is not None:
        if corrections is not None and corrections.names:
            rename_everywhere(out.parent, corrections.names, args.quiet)
        pipeline.cast.save(out.parent / FILE)  # first: a number that is in use is in there
    with atomic_contents(out) as folder:
        result.write_rttm(folder / "speakers.rttm")
        write_rttm(folder / "people.rttm", [result.people])
        write_links_table(folder / "links.csv", links)
        write_page(video, links, folder / "page.html", quiet=args.quiet)
        if not args.no_video:
            write_annotated_video(video, links, folder / "annotated.mp4", quiet=args.quiet)
        write_json_rows(folder / "links.json", links)
    for note in result.notes:
        print(note)
    people = {track.person for track in result.tracks}
    linked = sum(link.end - link.start for link in result.links if link.person)
    spoken = sum(link.end - link.start for link in result.links)
    print(
        f"{video}: {len(result.tracks)} face tracks of {len(people)} people, {len(result.links)} turns of "
        f"{len(result.speakers.labels())} speakers, {linked:.1f} of {spoken:.1f} s linked to a face; {out}"
    )


def rename_in_folder(folder: Path, names: Mapping[str, str], quiet: bool = False) -> None:
    """Give people other labels in everything that `pins link` wrote of one video.

    The page and the annotated video are made again where the video is still where it was.
    """
    import sys

    from pins_plugin.data.links import read_links
    from pins_plugin.pipelines.diarization.rttm import read_rttm, write_rttm
    from pins_plugin.pipelines.linking.result import rename_links, write_links_table
    from pins_plugin.report.annotate import write_annotated_video
    from pins_plugin.report.page import write_page
    from pins_plugin.utils.files import atomic_contents, write_json_rows

    before = read_links(folder / "links.json")
    links = rename_links(before, names)
    if links == before:
        return
    video = Path(links["video"])
    with atomic_contents(folder) as temporary:
        for name in ("speakers.rttm", "people.rttm"):
            if (folder / name).is_file():
                turns = read_rttm(folder / name).values()
                write_rttm(temporary / name, [each.rename_labels(names) for each in turns])
        write_links_table(temporary / "links.csv", links)
        if video.is_file():
            write_page(video, links, temporary / "page.html", quiet=quiet)
            if (folder / "annotated.mp4").is_file():
                write_annotated_video(video, links, temporary / "annotated.mp4", quiet=quiet)
        else:
            print(f"{folder}: {video} is gone; page and video keep the old names", file=sys.stderr)
        write_json_rows(temporary / "links.json", links)


def rename_everywhere(out: Path, names: Mapping[str, str], quiet: bool = False) -> None:
    """Give people other labels in all videos that were linked into `out`."""
    for folder in _linked_folders(out):
        rename_in_folder(folder, names, quiet)


def _linked_folders(out: Path) -> list[Path]:
    return sorted(path.parent for path in out.glob("*/links.json"))


def _name_strangers(pipeline: "SpeakerFaceLinking", cast: "Cast", out: Path, quiet: bool) -> None:
    """Give the strangers of earlier videos the names of examples that came later."""
    from pins_plugin.pipelines.people.naming import recognize_strangers
    from pins_plugin.pipelines.people.registry import FILE

    names = recognize_strangers(cast, pipeline.known, pipeline.recognizer.same_person)
    if names:
        rename_everywhere(out, names, quiet)
        cast.rename(names)
        cast.save(out / FILE)
        for old, new in names.items():
            print(f"{old} is {new}")


def _run_key(video: Path, args: argparse.Namespace) -> str:
    """Tell apart what is to be linked, and how."""
    import hashlib

    from pins_plugin import __version__
    from pins_plugin.errors import MediaError

    if not video.exists():
        raise MediaError(f"{video}: no such file; check the path")
    files = [video, *([Path(args.diarization)] if args.diarization else [])]
    state = [(path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.exists()]
    how = [args.evidence, args.without, args.model]
    options = [*how, args.tracker, args.face_encoder, args.no_video]
    return hashlib.sha256(repr([__version__, state, options]).encode()).hexdigest()[:16]


def _is_done(out: Path, run_key: str) -> bool:
    from pins_plugin.data.links import read_links
    from pins_plugin.errors import LinksError

    try:
        return read_links(out / "links.json").get("run") == run_key
    except LinksError:
        return False
