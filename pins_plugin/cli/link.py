"""Say which face speaks in a video, and where.

  pins link interview.mp4 --out out          out/page.html (to watch and review), out/links.json, out/speakers.rttm,
                                             out/links.csv, out/annotated.mp4
  pins link *.mp4 --out out                  out/<name>/... for each; a video that cannot be used is skipped
  pins link talk.mp4 --out out --diarization talk.rttm     with the turns of another system
  pins link *.mp4 --out out --people cast                  names from cast/anna.jpg, cast/ben.wav, ...

links.json: version, video, duration, links [{start, end, speaker, person (null: not on screen), box [x1, y1, x2, y2],
confidence, status, evidence}], tracks [{track, person, start, end, boxes [[time, x1, y1, x2, y2], ...]}]. Times are
seconds, boxes are pixels of the original picture, `evidence` are log-likelihood ratios.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pins_plugin.pipelines.linking import SpeakerFaceLinking

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
        "--evidence", nargs="+", metavar="NAME", help="sources to use: sync (default), motion"
    )
    parser.add_argument(
        "--tracker", metavar="NAME", help="tracker of another package (pins plugins)"
    )
    parser.add_argument(
        "--face_encoder",
        default="face_recognition",
        metavar="MODEL",
        help="tells people apart: model folder, ONNX file or plugin (default: face_recognition)",
    )
    parser.add_argument(
        "--corrections",
        type=Path,
        metavar="JSON",
        help="what was exported from the page (one video)",
    )
    parser.add_argument("--no_video", action="store_true", help="write no annotated video")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def run(args: argparse.Namespace) -> None:
    """Link each video, write, print."""
    import sys

    import torch

    from pins_plugin.errors import MediaError, PinsError
    from pins_plugin.pipelines.linking import DEFAULT_EVIDENCE, SpeakerFaceLinking

    pipeline = SpeakerFaceLinking(
        diarization=args.diarization,
        evidence=args.evidence or DEFAULT_EVIDENCE,
        recognition=args.face_encoder,
        tracker=args.tracker,
        people=args.people,
        quiet=args.quiet,
    ).to(torch.device(args.device))
    several = len(args.videos) > 1
    if several and args.corrections:
        raise PinsError(f"--corrections: expected one video, got {len(args.videos)}")
    stems = [Path(video).stem for video in args.videos]
    if len(set(stems)) < len(stems):
        raise PinsError("two videos have the same name; link them into two folders")
    failed = []
    for video in map(Path, args.videos):
        out = Path(args.out) / video.stem if several else Path(args.out)
        try:
            link_video(pipeline, video, out, args)
        except PinsError as error:
            if not several:
                raise
            failed.append(video.name)
            print(f"pins link: {error}", file=sys.stderr)
    if failed:
        raise MediaError(
            f"{len(failed)} of {len(args.videos)} videos not linked: {', '.join(failed)}"
        )


def link_video(
    pipeline: "SpeakerFaceLinking", video: Path, out: Path, args: argparse.Namespace
) -> None:
    """Link one video; its folder is written whole or not at all."""
    from pins_plugin.data.corrections import apply_corrections, read_corrections
    from pins_plugin.report.annotate import write_annotated_video
    from pins_plugin.report.page import write_page
    from pins_plugin.utils.files import atomic_contents, write_json

    corrections = read_corrections(args.corrections) if args.corrections else []
    result = pipeline(video)
    corrected = apply_corrections(result.links, result.tracks, corrections)
    result = dataclasses.replace(result, links=corrected)
    links = result.to_json()
    with atomic_contents(out) as folder:
        write_json(folder / "links.json", links)
        result.write_rttm(folder / "speakers.rttm")
        result.write_csv(folder / "links.csv")
        write_page(video, links, folder / "page.html", quiet=args.quiet)
        if not args.no_video:
            write_annotated_video(video, links, folder / "annotated.mp4", quiet=args.quiet)
    people = {track.person for track in result.tracks}
    linked = sum(link.end - link.start for link in result.links if link.person)
    spoken = sum(link.end - link.start for link in result.links)
    print(
        f"{video}: {len(result.tracks)} face tracks of {len(people)} people, {len(result.links)} turns of "
        f"{len(result.speakers.labels())} speakers, {linked:.1f} of {spoken:.1f} s linked to a face; {out}"
    )
