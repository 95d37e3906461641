"""Say who speaks when in a sound or video file; writes RTTM.

Built in and without downloads: segmentation, voice embeddings, and the decoder that links voices to faces, without
faces. Turns overlap where two speak at once.

  pins diarize meeting.wav --out meeting.rttm
  pins diarize meeting.wav --num_speakers 3        when their number is known
  pins diarize meeting.wav --max_speakers 6        or a bound of it
  pins diarize meeting.wav --reference truth.rttm  also prints the diarization error rate
"""

import argparse
from collections.abc import Sequence

from pins_plugin.errors import PinsError

HELP = "say who speaks when (speaker diarization), DER against a reference"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="sound or video file")
    parser.add_argument("--out", metavar="RTTM", help="write the turns of all files here")
    parser.add_argument(
        "--num_speakers", "--num-speakers", type=int, metavar="N", help="when it is known"
    )
    parser.add_argument("--min_speakers", type=int, metavar="N", help="at least this many")
    parser.add_argument("--max_speakers", type=int, metavar="N", help="at most this many")
    parser.add_argument(
        "--model", default="voice_campplus", help="model folder whose voice branch is used"
    )
    parser.add_argument("--reference", metavar="RTTM", help="score against these turns (DER)")


def run(args: argparse.Namespace) -> None:
    """Diarize, print, write."""
    from pins_plugin.pipelines.diarization.audio_file import file_uri, load_audio
    from pins_plugin.pipelines.diarization.rttm import choose_turns, write_rttm
    from pins_plugin.pipelines.diarization.voices import find_voice_scatter, load_voice_encoder
    from pins_plugin.pipelines.linking.builtin import diarize
    from pins_plugin.pipelines.linking.counted import choose_bounds
    from pins_plugin.utils.batch import Batch
    from pins_plugin.utils.writable import try_file

    bounds = {
        "num_speakers": args.num_speakers,
        "min_speakers": args.min_speakers,
        "max_speakers": args.max_speakers,
    }
    choose_bounds(**bounds)
    if args.out:
        try_file(args.out)
    if args.out or args.reference:
        check_names(args.files)
    uris, alone = [file_uri(path) for path in args.files], len(args.files) == 1
    reference = (  # before the work: what cannot be scored costs nothing then
        {uri: choose_turns(args.reference, uri, alone=alone) for uri in uris}
        if args.reference
        else {}
    )
    encoder, scatter = load_voice_encoder(args.model), find_voice_scatter(args.model)
    results = {}
    batch = Batch("diarize", len(args.files), with_traceback=args.traceback)
    for path in args.files:
        with batch.costs_only(path):
            turns = diarize(load_audio(path), encoder, scatter, uri=file_uri(path), **bounds)
            results[turns.uri] = turns
            spoken = sum(segment.duration for segment in turns.itersegments())
            print(f"{path}: {len(turns)} turns of {len(turns.labels())} speakers, {spoken:.1f} s")
            if not args.out:
                for segment, _, label in turns.itertracks(yield_label=True):
                    print(f"  {segment.start:8.2f} {segment.end:8.2f}  {label}")
    if args.out and results:
        write_rttm(args.out, list(results.values()))
    if reference:
        from pyannote.core import Timeline
        from pyannote.metrics.diarization import DiarizationErrorRate

        metric = DiarizationErrorRate()
        for uri, turns in results.items():
            extent = reference[uri].get_timeline() | turns.get_timeline()
            metric(reference[uri], turns, uem=Timeline([extent.extent()]))
        if results:
            print(metric.report().to_string(float_format=lambda value: f"{value:.2f}"))
    batch.finish()


def check_names(paths: Sequence[str]) -> None:
    """Refuse files that are called alike in an RTTM file, where one would take the place of the other."""
    from pins_plugin.pipelines.diarization.audio_file import file_uri

    first: dict[str, str] = {}
    for path in paths:
        other = first.setdefault(file_uri(path), path)
        if other != path:
            raise PinsError(
                f"{other} and {path}: both are called {file_uri(path)} in RTTM; rename one, or diarize them apart"
            )
