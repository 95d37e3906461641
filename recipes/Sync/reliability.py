"""Are a synchronizer's confidences true? How often it answers, and how often it is right, for faces seen for so long.

  python recipes/Sync/reliability.py MODEL CLIPS --people p35 p36 ... [--late 0.8] [--max-offset 1.0]

Each clip must be in sync, and of people whom neither the model nor its calibration has seen. Beside its own sound each
face gets that of two others, for which every answer is wrong. Shares are means over people.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pins_plugin.data.training.sync_clips import FRAME_RATE, SyncClip, load_sync_clip
from pins_plugin.errors import PinsError
from pins_plugin.inference.synchronizer import TOLERANCE, Synchronizer
from pins_plugin.report.tables import format_table
from pins_plugin.utils.script import run_script, script_parser

LENGTHS = (15, 25, 50, 100, None)  # frames; None: the whole clip
BINS = (0.5, 0.7, 0.9, 0.97, 1.0)


class Answer(NamedTuple):
    person: str
    length: int | None
    own: bool  # the face's own sound
    confidence: float
    told: bool
    right: bool
    in_sync: bool


def answers(
    synchronizer: Synchronizer, clips: Sequence[SyncClip], late: float, max_offset: int
) -> Iterator[Answer]:
    """Ask for every clip and length, with its own sound and two others'."""
    silence = np.zeros(round(late * synchronizer.sound_encoder.sample_rate), np.float32)
    for index, clip in enumerate(clips):
        others = [other for other in clips if other.person != clip.person]
        sounds = [clip, *(others[(index + step) % len(others)] for step in (0, 2))]
        times = np.arange(len(clip.lips)) / FRAME_RATE
        for length in LENGTHS:
            frames = length or len(times)
            for start in range(0, len(times) - frames + 1, max(15, frames // 4)):
                seen = slice(start, start + frames)
                for other in sounds:
                    waveform = np.resize(other.waveform, len(clip.waveform))
                    found = synchronizer.offset(
                        clip.lips[seen], times[seen], np.concatenate([silence, waveform]), max_offset=max_offset
                    )  # fmt: skip
                    told = found.decision != "cannot tell"
                    near = abs(found.offset_frames - late * FRAME_RATE) <= TOLERANCE
                    yield Answer(
                        clip.person, length, other is clip, found.confidence, told,
                        told and near and other is clip, found.decision == "in sync",
                    )  # fmt: skip


def mean_share(rows: Sequence[Answer], part: str, counts: Counter | None = None) -> str:
    """Mean of a column, %, in which each person and length counts alike."""
    counts = counts or Counter((row.person, row.length) for row in rows)
    if not rows:
        return "-"
    weights = [1 / counts[row.person, row.length] for row in rows]
    return f"{100 * np.average([getattr(row, part) for row in rows], weights=weights):.1f}"


def tables(rows: Sequence[Answer]) -> str:
    """By how long the face is seen, and by confidence."""
    own, others = ([row for row in rows if row.own == mine] for mine in (True, False))
    lengths = []
    for length in (*LENGTHS, "all"):
        mine, foreign = (
            [row for row in side if length in (row.length, "all")] for side in (own, others)
        )
        names = {None: "whole clip", "all": "all"}
        name = names.get(length) or f"{length / FRAME_RATE:g} s"
        lengths.append(
            [name, mean_share(mine, "told"), mean_share([row for row in mine if row.told], "right", Counter((row.person, row.length) for row in mine)),
             mean_share(foreign, "told"), mean_share(foreign, "in_sync")]
        )  # fmt: skip
    counts = Counter((row.person, row.length) for row in own)
    bins = []
    for low, high in pairwise(BINS):
        inside = [row for row in own if low <= row.confidence < high or row.confidence == high == 1]
        bins.append([f"{low} - {high}", str(len(inside)), mean_share(inside, "confidence", counts), mean_share(inside, "right", counts)])  # fmt: skip
    headers = ("face seen for", "answers, %", "right of them, %", "another's sound: answers, %", "in sync, %")  # fmt: skip
    return "\n\n".join(
        [
            format_table(headers, lengths, markdown=True),
            format_table(("confidence (own sound)", "windows", "mean, %", "right, %"), bins, markdown=True),
        ]
    )  # fmt: skip


def main() -> None:
    """Ask and print."""
    parser = script_parser(__doc__)
    parser.add_argument("model")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--people", nargs="+", required=True)
    parser.add_argument("--late", type=float, default=0.0, help="seconds of delay put in")
    parser.add_argument("--max-offset", type=float, default=0.6, help="seconds looked at")
    args = parser.parse_args()
    clips = [load_sync_clip(path) for path in sorted(args.clips.rglob("*.npz"))]
    clips = [clip for clip in clips if clip.person in args.people]
    if len({clip.person for clip in clips}) < 2:
        raise PinsError(f"{args.clips}: expected clips of two people or more, got {len(clips)} clips")  # fmt: skip
    synchronizer = Synchronizer.from_hparams(args.model)
    rows = answers(synchronizer, clips, args.late, round(args.max_offset * FRAME_RATE))
    print(tables(list(rows)))


if __name__ == "__main__":
    run_script(main)
