"""Offsets on people whom the model has never seen, leaving one person out at a time.

  python recipes/Sync/leave_one_out.py CLIPS --out results/sync_leave_one_out [--evaluate-only p35 p36 ...]

CLIPS holds `real` and `simulated` as for hparams/sync_joint.yaml. For each person a model is trained on everybody else (but
never on the evaluate-only people) and judged on that person; the evaluate-only people
are judged by the first model that knows the person with most clips. Also: unseen sentences of the person with most clips,
chance, and the correlation of mouth opening with loudness. Models stay in OUT/models; each one's result is
one JSON file in --out; those that are there are not made again. The table goes to --out/README.md and to the screen.
"""

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from evaluate import Encode, energy_features, model_features
from files import train_fold

from pins_plugin.data.training.sync_clips import SyncClip, load_sync_clip
from pins_plugin.evaluation.synchronization import CHANCE, WINDOW_LENGTHS, accuracy_by_person
from pins_plugin.models.lips.sync_encoders import SoundEncoder
from pins_plugin.report.tables import format_table
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.script import run_script, script_parser

HELD_SENTENCES = 50  # of the person with most clips, never trained on


@torch.inference_mode()
def judge(clips: Sequence[SyncClip], encode: Encode) -> dict[str, dict[int, tuple[float, int]]]:
    """Accuracy by person and window length."""
    return accuracy_by_person((clip.person, *encode(clip)) for clip in clips)


def table_row(name: str, result: dict) -> list[str]:
    """One line of the table."""
    cells = [
        f"{100 * result[str(length)][0]:.0f} ({result[str(length)][1]})"
        if str(length) in result
        else "-"
        for length in WINDOW_LENGTHS
    ]
    return [name, *cells]


def mean_row(name: str, results: Sequence[dict]) -> list[str]:
    """Mean over people."""
    cells = []
    for length in WINDOW_LENGTHS:
        values = [result[str(length)][0] for result in results if str(length) in result]
        cells.append(f"{100 * sum(values) / len(values):.0f}" if values else "-")
    return [name, *cells]


def main() -> None:
    """Train, judge, print."""
    parser = script_parser(__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--evaluate-only", nargs="*", default=[], metavar="PERSON")
    parser.add_argument("--evaluate-only-clips", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--groups", nargs="*", metavar="PERSON,PERSON", help="leave out these together, to save time")  # fmt: skip
    parser.add_argument("--epochs", type=int, default=4, help="of 100 steps")
    args = parser.parse_args()
    never = [*args.evaluate_only, *args.evaluate_only_clips]
    clips = [load_sync_clip(path) for path in sorted((args.clips / "real").rglob("*.npz"))]
    allowed = [clip for clip in clips if not {clip.person, clip.name} & set(never)]
    counts = Counter(sorted(clip.person for clip in allowed))
    main_person = max(counts, key=counts.__getitem__)
    seen_test = [clip for clip in allowed if clip.person == main_person][-HELD_SENTENCES:]
    never += [clip.name for clip in seen_test]
    strangers = [clip for clip in clips if clip.person in args.evaluate_only]
    baseline = partial(energy_features, SoundEncoder())
    for group in args.groups or counts:
        paths = {person: args.out / f"{person}_0.json" for person in group.split(",")}
        if all(path.exists() for path in paths.values()):
            continue
        epochs = ("--num_epochs", str(args.epochs))
        synchronizer = train_fold(args.clips, group, never, args.out / "models", *epochs)
        trained = partial(model_features, synchronizer)
        shared = {
            "left_out": list(paths),
            "seen": judge(seen_test, trained)[main_person],
            "strangers": judge(strangers, trained),
            "strangers_baseline": judge(strangers, baseline),
        }
        for person, path in paths.items():
            unseen = [clip for clip in clips if clip.person == person]
            own = {"unseen": judge(unseen, trained), "baseline": judge(unseen, baseline)}
            write_json(path, {**{name: found[person] for name, found in own.items()}, **shared})
    print(write_table(args.out, main_person))


def write_table(folder: Path, main_person: str) -> str:
    """Collect the results into one table."""
    results = {
        path.stem.rsplit("_", 1)[0]: json.loads(path.read_text())
        for path in sorted(folder.glob("*_*.json"))
    }
    first = next(
        result for person, result in results.items() if person != main_person
    )  # trained on the main person
    headers = ["right within one frame, % (windows)", *(f"{n / 25:g} s" for n in WINDOW_LENGTHS)]
    strangers = first["strangers"]
    rows = [
        table_row(f"unseen sentences of {main_person}", first["seen"]),
        *(table_row(f"unseen person {name}", each["unseen"]) for name, each in results.items()),
        mean_row("**mean of unseen people**", [each["unseen"] for each in results.values()]),
        *(table_row(f"evaluate-only {name}", each) for name, each in sorted(strangers.items())),
        mean_row("**mean of evaluate-only people**", list(strangers.values())),
        mean_row("mouth opening x loudness, unseen", [r["baseline"] for r in results.values()]),
        mean_row(
            "mouth opening x loudness, evaluate-only", list(first["strangers_baseline"].values())
        ),
        ["chance", *[f"{100 * CHANCE:.0f}"] * len(WINDOW_LENGTHS)],
    ]
    text = format_table(headers, rows, markdown=True) + "\n"
    write_text(folder / "README.md", text)
    return text


if __name__ == "__main__":
    run_script(main)
