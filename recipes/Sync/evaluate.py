"""Judge a synchronization model: is the offset right within one frame, for windows of several lengths?

  python recipes/Sync/evaluate.py MODEL CLIPS [--people p02 p04 ...] [--lengths 5 15 25 50] [--out table.md]

Each clip must be in sync; offsets within +-15 frames are tried (chance 3 of 31). The mean similarity of a window's
frames decides. Intervals are 95 %, over people. Beside it: mouth opening times loudness, and the model where the face
is seen for no longer than the window, as in a short video (windows of 15 frames or more).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from pins_plugin.data.training.sync_clips import FRAME_RATE, SyncClip, load_sync_clip
from pins_plugin.errors import PinsError
from pins_plugin.evaluation.synchronization import (
    CHANCE,
    accuracy_by_person,
    energy_baseline,
    offset_accuracy,
)
from pins_plugin.inference.synchronizer import TOLERANCE, Synchronizer
from pins_plugin.models.lips.sync_encoders import SoundEncoder
from pins_plugin.report.tables import format_table, share_cell
from pins_plugin.utils.files import write_text
from pins_plugin.utils.script import run_script, script_parser

Encode = Callable[[SyncClip], tuple[torch.Tensor, torch.Tensor]]
FEWEST_FRAMES = 15  # of a face that is seen briefly


def model_features(synchronizer: Synchronizer, clip: SyncClip) -> tuple[torch.Tensor, torch.Tensor]:
    """Features of both sides."""
    return (
        synchronizer.lip_encoder(torch.from_numpy(clip.lips)[None])[0],
        synchronizer.sound_encoder(torch.from_numpy(clip.waveform)[None])[0],
    )


def energy_features(front_end: SoundEncoder, clip: SyncClip) -> tuple[torch.Tensor, torch.Tensor]:
    """Mouth opening and loudness."""
    return energy_baseline(
        clip.lips, front_end.spectrograms(torch.from_numpy(clip.waveform)[None])[0]
    )


@torch.inference_mode()
def accuracy_rows(
    clips: Sequence[SyncClip], encode: Encode, lengths: Sequence[int], stride: int
) -> list[str]:
    """Mean over people of the share of right windows, with its interval: one cell for each length."""
    judge = partial(offset_accuracy, window_lengths=lengths, stride=stride)
    found = accuracy_by_person(((clip.person, *encode(clip)) for clip in clips), judge)
    return [
        share_cell([person[length][0] for person in found.values() if length in person])
        for length in lengths
    ]


def brief_windows(clip: SyncClip, synchronizer: Synchronizer, length: int) -> Iterator[bool]:
    """Whether the best offset is right, for a face seen for `length` frames at a time; in half of them at least."""
    times = np.arange(len(clip.lips)) / FRAME_RATE
    for start in range(0, len(times) - length + 1, max(10, length // 4)):
        window = slice(start, start + length)
        found = synchronizer.features(clip.lips[window], times[window], clip.waveform).similarities
        counts = np.isfinite(found).sum(axis=0)
        if np.isfinite(found).any(axis=1).sum() >= length // 2:
            means = np.nansum(found, axis=0, dtype=np.float64) / np.maximum(counts, 1)
            best = np.where(counts >= max(counts.max(), 1) / 2, means, -np.inf).argmax()
            yield abs(int(best) - len(means) // 2) <= TOLERANCE


def brief_rows(
    clips: Sequence[SyncClip], synchronizer: Synchronizer, lengths: Sequence[int]
) -> list[str]:
    """The same where the face is seen for no longer than the window; the sound goes on."""
    cells = []
    for length in lengths:
        right: dict[str, list[bool]] = {}
        for clip in clips if length >= FEWEST_FRAMES else ():
            right.setdefault(clip.person, []).extend(brief_windows(clip, synchronizer, length))
        cells.append(share_cell([float(np.mean(person)) for person in right.values() if person]))
    return cells


def main() -> None:
    """Judge and print."""
    parser = script_parser(__doc__)
    parser.add_argument("model")
    parser.add_argument("clips", type=Path, help="folder of recipes/Sync/prepare.py or simulate.py")
    parser.add_argument("--people", nargs="*", help="only these")
    parser.add_argument("--lengths", type=int, nargs="+", default=[5, 7, 9, 11, 13, 15, 25, 50])
    parser.add_argument("--stride", type=int, default=2, help="frames from window to window")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    clips = [load_sync_clip(path) for path in sorted(args.clips.rglob("*.npz"))]
    clips = [clip for clip in clips if not args.people or clip.person in args.people]
    if not clips:
        raise PinsError(f"{args.clips}: expected clips of recipes/Sync/prepare.py, got none")
    synchronizer = Synchronizer.from_hparams(args.model)
    encoders = {
        "this model": partial(model_features, synchronizer),
        "mouth opening x loudness": partial(energy_features, SoundEncoder()),
    }
    count = len({clip.person for clip in clips})
    headers = [f"right within one frame, %, {count} people", *(f"{length} frames" for length in args.lengths)]  # fmt: skip
    rows = [
        [name, *accuracy_rows(clips, encode, args.lengths, args.stride)]
        for name, encode in encoders.items()
    ]
    rows.append(["this model, seen briefly", *brief_rows(clips, synchronizer, args.lengths)])
    rows.append(["chance", *[f"{100 * CHANCE:.1f}"] * len(args.lengths)])
    text = format_table(headers, rows, markdown=True) + "\n"
    print(text)
    if args.out:
        write_text(args.out, text)


if __name__ == "__main__":
    run_script(main)
