"""Score which face speaks, frame by frame, against the truth: mAP as AVA-ActiveSpeaker's own scorer gives it.

  pins convert linked --to ava                         writes interview.ava_predictions.csv
  pins score truth.csv interview.ava_predictions.csv --by_box

Both files are of AVA-ActiveSpeaker's layout: video_id, frame_timestamp, x1, y1, x2, y2 (0 to 1), label, entity_id and, in the
second, the score. Without --by_box the rows must be the same faces at the same times, as AVA's scorer wants them; with it
each face of the truth gets the score of the box that covers it at that time.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from pins_plugin.cli._options import add_options

HELP = "score active speaker detection as AVA-ActiveSpeaker does (mAP)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("truth", type=Path, help="CSV with the labels")
    parser.add_argument("predictions", type=Path, help="CSV with the scores")
    parser.add_argument("--by_box", action="store_true", help="find the faces by their boxes")
    add_options(parser, "json")


def run(args: argparse.Namespace) -> None:
    """Read, score, print."""
    from pins_plugin.evaluation.active_speakers import read_ava, score_active_speakers

    found = score_active_speakers(read_ava(args.truth), read_ava(args.predictions), args.by_box)
    if args.json:
        print(json.dumps(asdict(found)))
        return
    missed = f", {found.num_missed} without a prediction" if found.num_missed else ""
    print(
        f"mAP {100 * found.mean_average_precision:.2f} % over {found.num_rows} faces in frames, "
        f"{found.num_speaking} of which speak{missed}"
    )
