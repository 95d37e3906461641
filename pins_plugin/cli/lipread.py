"""Read words off the lips of a video, without its sound; the times of the words are given.

  pins lipread clip.mp4 --words words.csv          CSV with start_s, end_s (clip and word are optional columns)
  pins lipread clip.mp4 --at 0.9-1.2 1.2-1.5       stretches in seconds
  pins lipread clip.mp4 --at 0.9-1.2 --json

The model that comes with the package knows the 51 words of the GRID corpus, learnt from one speaker: a
demonstration of the method, no lip reader for everyday speech.
"""

import argparse
import json
import math
from pathlib import Path

from pins_plugin.cli._options import add_options
from pins_plugin.errors import PinsError

HELP = "read words off lips"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("video", help="video file")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--at", nargs="+", metavar="START-END", help="stretches in seconds")
    where.add_argument(
        "--words", metavar="CSV", help="stretches in a file; rows of this clip are read"
    )
    parser.add_argument(
        "--model", default="lip_reader", metavar="MODEL", help="model folder (lip_reader)"
    )
    add_options(parser, "json", "device", "quiet")


def run(args: argparse.Namespace) -> None:
    """Track the largest face, read, print."""
    from pins_plugin.inference.lip_reader import LipReader
    from pins_plugin.tracking.crops import extract_crops
    from pins_plugin.tracking.tracks import TrackerSettings, track_faces

    stretches, truth = read_stretches(args)
    reader = LipReader.from_hparams(args.model, run_opts={"device": args.device})
    quiet = args.quiet or args.json
    tracks = track_faces(args.video, TrackerSettings(device=args.device), quiet=quiet)
    found: list[str | None] = []
    for stretch in stretches:
        at_work = [track for track in tracks if track.start <= stretch[0] + 0.02 < track.end]
        at_work.sort(key=lambda track: -track.quality.get("size", 0.0))
        found.append(at_work[0].track if at_work else None)
    wanted = [track for track in tracks if track.track in found]
    crops = extract_crops(args.video, wanted, ["lips"], device=args.device, quiet=quiet)
    rows = []
    for stretch, name, said in zip(stretches, found, truth, strict=True):
        words: tuple[str, ...] = ()
        probabilities: tuple[float, ...] = ()
        if name is not None:
            read = reader.read(crops[name].lips, crops[name].times, [stretch])[0]
            words, probabilities = read.words, read.probabilities
        if args.json:
            row = {"start": stretch[0], "end": stretch[1], "words": list(words)}
            row |= {"probabilities": list(probabilities)} | ({"said": said} if said else {})
            rows.append(row)
            continue
        guesses = ", ".join(
            f"{word} {100 * probability:.0f} %"
            for word, probability in zip(words, probabilities, strict=True)
        )
        note = f"   (said: {said})" if said else ""
        print(f"{stretch[0]:7.2f} {stretch[1]:7.2f}  {guesses or 'lips not seen'}{note}")
    if args.json:
        print(json.dumps(rows))


def read_stretches(args: argparse.Namespace) -> tuple[list[tuple[float, float]], list[str]]:
    """Stretches to read, and what was said there, where known."""
    from pins_plugin.utils.files import read_table

    if args.at:
        try:
            pairs = [text.split("-", 1) for text in args.at]
            stretches = [(float(a), float(b)) for a, b in pairs if float(a) < float(b) < math.inf]
        except ValueError:
            stretches = []
        if len(stretches) != len(args.at):
            raise PinsError(f"--at: expected START-END in seconds, got {' '.join(args.at)}")
        return stretches, [""] * len(stretches)
    path = Path(args.words)
    rows = read_table(path, PinsError, "a CSV with start_s and end_s, for --words")
    name = Path(args.video).stem
    rows = [row for row in rows if row.get("clip", name) == name]
    try:
        stretches = [(float(row["start_s"]), float(row["end_s"])) for row in rows]
    except (KeyError, TypeError, ValueError):
        stretches = []
    if not stretches:
        raise PinsError(
            f"--words {path}: expected columns start_s, end_s and rows of clip {name}, got none"
        )
    return stretches, [row.get("word", "") for row in rows]
