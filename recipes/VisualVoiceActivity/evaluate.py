"""Judge visual voice activity: talking against resting mouths, windows of half a second.

  python recipes/VisualVoiceActivity/evaluate.py MODEL CLIPS... [--people p35 p36 ...] [--out table.md]

Each folder of clips (recipes/VisualVoiceActivity/prepare.py) is one condition, a column of the table. Area under the
ROC curve with its 95 % interval over people, beside two plain baselines and chance; and how many windows are on the right
side of 0, mean over people.
"""

from pathlib import Path

import numpy as np

from pins_plugin.data.training.sync_clips import FRAME_RATE
from pins_plugin.data.training.talking_clips import TalkingClip, load_talking_clip
from pins_plugin.errors import PinsError
from pins_plugin.evaluation.visual_voice_activity import (
    TalkingWindows,
    motion_energy,
    mouth_opening,
    score_windows,
    shares_right,
    talking_auc,
)
from pins_plugin.inference.visual_voice_activity import VisualVoiceActivity
from pins_plugin.report.tables import format_table, share_cell
from pins_plugin.utils.files import write_text
from pins_plugin.utils.script import run_script, script_parser


def judge_clips(
    activity: VisualVoiceActivity, clips: list[TalkingClip]
) -> dict[str, TalkingWindows]:
    """Windows of the model and of both baselines."""
    llrs = [activity(clip.lips, np.arange(len(clip.lips)) / FRAME_RATE).llr for clip in clips]
    return {
        "this model": score_windows(clips, llrs),
        "variation of the mouth's opening": score_windows(
            clips, [mouth_opening(clip) for clip in clips], spread=True
        ),
        "motion of the lips": score_windows(clips, [motion_energy(clip) for clip in clips]),
    }


def format_auc(windows: TalkingWindows) -> str:
    """Write 0.98 (0.95 - 0.99), or why there is none."""
    if len(set(windows.talking.tolist())) < 2:
        return "one kind only"
    value, (low, high) = talking_auc(windows, np.random.default_rng(0))
    return f"{value:.3f} ({low:.3f} - {high:.3f})"


def count(windows: TalkingWindows) -> str:
    """People and windows of both kinds."""
    resting = {
        person for person, talks in zip(windows.people, windows.talking, strict=True) if not talks
    }
    return (
        f"{len(set(windows.people))}: {int(windows.talking.sum())} talk, "
        f"{int((~windows.talking).sum())} rest ({len(resting)} people)"
    )


def main() -> None:
    """Judge and print."""
    parser = script_parser(__doc__)
    parser.add_argument("model")
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--people", nargs="*", help="only these")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    activity = VisualVoiceActivity.from_hparams(args.model)
    columns: dict[str, dict[str, str]] = {}
    for folder in args.clips:
        clips = [load_talking_clip(path) for path in sorted(folder.rglob("*.npz"))]
        clips = [clip for clip in clips if not args.people or clip.person in args.people]
        if not clips:
            raise PinsError(
                f"{folder}: expected clips of recipes/VisualVoiceActivity/prepare.py, got none"
            )
        judged = judge_clips(activity, clips)
        columns[folder.name] = {name: format_auc(windows) for name, windows in judged.items()}
        columns[folder.name]["chance"] = "0.5"
        right = shares_right(judged["this model"])
        columns[folder.name]["this model: talk above 0, %"] = share_cell(right[True])
        columns[folder.name]["this model: rest below 0, %"] = share_cell(right[False])
        columns[folder.name]["people: windows"] = count(judged["this model"])
    rows = [
        [name, *(column[name] for column in columns.values())]
        for name in next(iter(columns.values()))
    ]
    text = format_table(["talk or rest, area under ROC", *columns], rows, markdown=True) + "\n"
    print(text)
    if args.out:
        write_text(args.out, text)


if __name__ == "__main__":
    run_script(main)
