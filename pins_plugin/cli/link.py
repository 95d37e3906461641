"""Say which face speaks in a video, and where.

  pins link interview.mp4 --out out          out/page.html (to watch and review), out/links.json, out/speakers.rttm,
                                             out/people.rttm, out/links.csv, out/annotated.mp4
  pins link *.mp4 --out out                  out/<name>/... for each; a video that cannot be used is skipped
  pins link season --out out                 of season/day1/talk.mp4: out/day1/talk/...
  pins link talk.mp4 --out out --diarization talk.rttm     with the turns of another system
  pins link talk.mp4 --out out --transcript talk.json      with words of whisper(X), faster-whisper, SRT, VTT; also afterwards
  pins link *.mp4 --out out --people cast                  names from cast/anna.jpg, cast/ben.wav, ...
  pins link archive list.txt "day*/*.mp4" --out out --jobs 8; pins people out join     many files: see docs/scale.md

Of several videos, out/people.safetensors keeps who was met: a stranger is PERSON_03 in all of them, in those that
are linked into the same folder later too. `pins people out list` shows them, `pins people out rename PERSON_03 anna`
gives a name everywhere; so does an example in --people, later. What is linked already, from the same files and
with the same options, is not linked again. Several `pins link` may work on one folder at the same time.

links.json is described in docs/files.md: links [{start, end, speaker, person (null: not on screen), box, confidence,
status, evidence}], tracks [{track, person, start, end, boxes}]. Times are seconds, boxes are pixels of the original picture.
"""

import argparse
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pins_plugin.cli._many import add_many_arguments, find_inputs, is_many, run_files
from pins_plugin.cli._options import add_options
from pins_plugin.cli.convert import add_transcript_arguments
from pins_plugin.errors import PinsError

if TYPE_CHECKING:
    from pins_plugin.archive.names import Names
    from pins_plugin.cli._link_video import LinkOptions

HELP = "link speakers to faces in videos: who speaks when (diarization), and which face that is (active speaker)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "videos",
        nargs="+",
        metavar="VIDEO",
        help="videos with sound: files, folders, patterns, lists",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    parser.add_argument(
        "--num_speakers", type=int, metavar="N", help="how many people speak, when it is known"
    )
    parser.add_argument(
        "--diarization",
        metavar="RTTM",
        help="speaker turns of another system or an oracle, or the folder of a pyannote pipeline; built-in when not given",
    )
    parser.add_argument(
        "--people",
        metavar="DIR",
        help="examples that name people (enrollment): anna.jpg, anna.wav, ...",
    )
    parser.add_argument(
        "--evidence",
        nargs="+",
        metavar="NAME",
        help="sources to use: sync (lips against audio), talking (visual voice activity), voice, presence, joint (voice against face); "
        "all by default; or a plugin",
    )
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="NAME", help="sources not to use"
    )
    parser.add_argument(
        "--model",
        default="face_voice",
        metavar="MODEL",
        help="joint embedding of faces and voices, which evidence `joint` asks: model folder (of pins train), name, or "
        "hub id (default: %(default)s; `--without joint` to do without)",
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
    add_transcript_arguments(parser, "; of several videos, a folder of files named alike")
    parser.add_argument(
        "--again", action="store_true", help="link again what is linked already in the same way"
    )
    parser.add_argument(
        "--keep_strangers",
        choices=("yes", "no"),
        default="yes",
        help="of several videos: keep faces and voices of people without a name, so that they keep their number (yes)",
    )
    add_options(parser, "tracker", "no_video", "device", "quiet")
    add_many_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Link each video, write, print."""
    from pins_plugin.cli import _link_video as linking
    from pins_plugin.pipelines.diarization.rttm import read_rttm
    from pins_plugin.pipelines.linking.counted import choose_bounds
    from pins_plugin.utils.batch import Batch
    from pins_plugin.utils.writable import try_folder

    choose_bounds(args.num_speakers)
    out = Path(args.out)
    videos, names = find_inputs(args.videos, args)
    args.videos = [str(video) for video in videos]
    options = options_from(args, out, names)
    if (len(videos) > 1 or is_many(args)) and args.corrections:
        raise PinsError(f"--corrections: expected one video, got {len(videos)}")
    if len(videos) > 1 and args.transcript and not args.transcript.is_dir():
        raise PinsError(
            f"--transcript: expected one video, or a folder of transcripts named as the videos are, got {len(videos)} videos"
        )
    try_folder(out)
    if options.diarization and not Path(options.diarization).is_dir():
        read_rttm(options.diarization)  # before the work: a line that is damaged costs everything
    if is_many(args):
        if args.keep_strangers != "yes":
            raise PinsError("--jobs, --shard, --ray: vectors of all people are kept until `pins people join`; leave out --keep_strangers")  # fmt: skip
        opener = partial(linking.open_linker, replace(options, quiet=True, alone=False), out)
        return run_files("link", videos, opener, args, linking.show_row)
    pipeline = linking.open_pipeline(options, out)
    if pipeline.cast is not None:
        pipeline.cast.keep_strangers = args.keep_strangers == "yes"
        linking.name_strangers(pipeline, out, args.quiet)
    batch = Batch("link", len(videos), "videos", args.traceback)
    for video in videos:
        with batch.costs_only(str(video)):
            linking.show_row(linking.link_video(pipeline, video, out, options))
    batch.finish()
    return 0


def options_from(args: argparse.Namespace, out: Path, names: "Names") -> "LinkOptions":
    """Turn the command line into options that another process can be told."""
    from pins_plugin.cli._link_video import LinkOptions
    from pins_plugin.pipelines.people.registry import FILE
    from pins_plugin.pipelines.pyannote_host.pipeline_folder import EVIDENCE

    given = {field.name for field in fields(LinkOptions)} & vars(args).keys()
    options = LinkOptions(**{name: getattr(args, name) for name in given})
    return replace(
        options,
        evidence=tuple(choose_evidence(args.evidence or EVIDENCE, args.without)),
        several=not names.is_of_one or (out / FILE).is_file(),
        alone=names.count == 1,
        with_video=not args.no_video,
        names=names,
    )


def choose_evidence(names: Sequence[str], without: Sequence[str]) -> list[str]:
    """Leave out sources of evidence, each of which must be among `names`."""
    for name in without:
        if name not in names:
            raise PinsError(f"--without: expected some of {', '.join(names)}, got {name!r}")
    return [name for name in names if name not in without]
