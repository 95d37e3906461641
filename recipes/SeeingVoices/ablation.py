"""Does separation within each modality help? Four settings, four tasks, several seeds, one command.

  python recipes/SeeingVoices/ablation.py --out results/seeing_voices --seeds 0 1 2

Settings ("Seeing voices and hearing voices", Chung, Kang, Chung 2020): matching across modalities only; moments or
clips of the same modality as further candidates in sound, in video, in both. Tasks, all on simulated people
who are in no training: offsets between lips and sound; words read off lips (25 words) from frozen synchronization
features; speaker recognition and face verification with the branches of the identity model (EER). Beside them
chance, features of untrained networks, and the same networks trained with labels.

Simulates what it needs below OUT (or takes --clips of recipes/Sync/simulate.py and --manifest of `pins simulate
clips`), keeps each run's numbers in OUT/runs, and writes OUT/results.md and OUT/results.json. A run that was
stopped goes on; finished runs are not repeated.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import identity_runs
import sync_runs

from pins_plugin.metrics.seeds import mean_over_seeds
from pins_plugin.report.tables import format_table
from pins_plugin.simulation.corpus import CorpusSettings, write_corpus
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.script import run_script, script_parser

Runs = dict[str, list[dict[str, float]]]  # setting -> one dict of numbers per seed
SIMULATE = Path(__file__).resolve().parents[1] / "Sync" / "simulate.py"
SETTINGS: dict[str, tuple[str, ...]] = {
    "across only": (),
    "+ within sound": ("sound",),
    "+ within video": ("video",),
    "+ within both": ("sound", "video"),
}
UNTRAINED, LABELS = "untrained network", "trained with labels"
COLUMNS: dict[str, tuple[str, float | None, int, int]] = {  # heading, chance, unit, digits
    "offsets right, 1 frames": ("offsets right, 1 frame, %", 3 / 31, 100, 1),
    "offsets right, 5 frames": ("offsets right, 5 frames, %", 3 / 31, 100, 1),
    "offsets right, 15 frames": ("15 frames, %", 3 / 31, 100, 1),
    "words right": ("words right, %", 1 / 25, 100, 1),
    "words right, outputs": ("words from the outputs, %", 1 / 25, 100, 1),
    "voice EER": ("voices, EER %", 0.5, 100, 1),
    "voice EER, probe": ("voices, probe, EER %", 0.5, 100, 1),
    "voice minDCF": ("voices, minDCF", 1.0, 1, 3),
    "face EER": ("faces, EER %", 0.5, 100, 1),
    "face EER, probe": ("faces, probe, EER %", 0.5, 100, 1),
    "face minDCF": ("faces, minDCF", 1.0, 1, 3),
    "across AUC": ("face x voice, AUC %", 0.5, 100, 1),
    "lips, dimensions": ("dimensions of lips", None, 1, 1),
    "sound, dimensions": ("dimensions of sound", None, 1, 1),
    "voices, dimensions": ("dimensions of voices", None, 1, 1),
    "faces, dimensions": ("dimensions of faces", None, 1, 1),
}
SYNC_COLUMNS = ("offsets right, 5 frames", "offsets right, 15 frames", "words right")
IDENTITY_COLUMNS = (
    "voice EER",
    "voice EER, probe",
    "voice minDCF",
    "face EER",
    "face EER, probe",
    "face minDCF",
    "across AUC",
)


def keep(path: Path, run: Callable[[], Mapping[str, float]]) -> dict[str, float]:
    """Do a run, or read what it gave before."""
    if not path.is_file():
        print(f"-- {path.stem}", flush=True)
        write_json(path, dict(run()))
    numbers: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return numbers


def each_seed(
    args: argparse.Namespace, name: str, run: Callable[..., Mapping[str, float]]
) -> list[dict[str, float]]:
    """Do a run, or read what it gave before, for every seed."""
    return [
        keep(args.out / "runs" / f"{name} {seed}.json", partial(run, seed=seed))
        for seed in args.seeds
    ]


def run_sync(args: argparse.Namespace) -> Runs:
    """Synchronization and lip reading."""
    clips = sync_runs.SimulatedClips(args.clips)
    train = partial(
        sync_runs.train_and_score, clips, weight=args.weight, num_epochs=args.sync_epochs,
        num_steps=args.word_steps,
    )  # fmt: skip
    read = partial(sync_runs.read_untrained, clips, num_steps=args.word_steps)
    runs = {
        name: each_seed(args, f"sync {name}", partial(train, separated))
        for name, separated in SETTINGS.items()
    }
    for name, end_to_end in ((UNTRAINED, False), (LABELS, True)):
        runs[name] = each_seed(args, f"words {name}", partial(read, end_to_end=end_to_end))
    return runs


def run_identity(args: argparse.Namespace) -> Runs:
    """Speaker recognition and face verification."""
    train = partial(identity_runs.train_and_score, args.manifest, args.out / "training",
                    weight=args.weight, num_epochs=args.identity_epochs)  # fmt: skip
    bound = partial(identity_runs.train_upper_bound, args.manifest, num_epochs=args.identity_epochs)
    runs = {
        name: each_seed(args, f"identity {name}", partial(train, name, separated))
        for name, separated in SETTINGS.items()
    }
    return {**runs, LABELS: each_seed(args, f"identity {LABELS}", bound)}


def cell(values: Sequence[float], column: str) -> str:
    """Mean +- half of the 95 % interval over seeds."""
    _, _, unit, digits = COLUMNS[column]
    mean, half = mean_over_seeds([unit * value for value in values])
    return f"{mean:.{digits}f} ± {half:.{digits}f}" if half == half else f"{mean:.{digits}f}"


def table(runs: Runs, columns: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Headers and rows: all settings, and below them how far each is from matching across only, seed by seed."""
    headers = ["", *(COLUMNS[column][0] for column in columns)]
    chances = [(COLUMNS[column][1], COLUMNS[column][2]) for column in columns]
    rows = [["chance", *("-" if each is None else f"{each * unit:.3g}" for each, unit in chances)]]
    for name, numbers in runs.items():
        cells = [
            cell([each[column] for each in numbers], column)
            if all(column in each for each in numbers)
            else "-"
            for column in columns
        ]
        rows.append([name, *cells])
    rows += [
        [f"{name}, difference", *difference(numbers, runs["across only"], columns)]
        for name, numbers in runs.items()
        if name.startswith("+")
    ]
    return headers, rows


def difference(
    one: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]], columns: Sequence[str]
) -> list[str]:
    """How far the runs of one setting are from those of another, seed by seed."""
    pairs = list(zip(one, other, strict=True))
    return [cell([a[column] - b[column] for a, b in pairs], column) for column in columns]


def write_results(args: argparse.Namespace, sync: Runs | None, identity: Runs | None) -> str:
    """Write results.md, results.json and, with --results, a file for each table there."""
    about = (
        f"Seeds {' '.join(map(str, args.seeds))}; ± is half of the 95 % interval over them (Student); differences are taken "
        f"seed by seed; separation has weight {args.weight:g}. All people are simulated and in no training."
    )
    parts = {
        "sync": (
            sync,
            SYNC_COLUMNS,
            "Separation within modalities: synchronization and lip reading",
            f"{100 * args.sync_epochs} steps of 16 stretches, word classifiers {args.word_steps} steps",
        ),
        "identity": (
            identity,
            IDENTITY_COLUMNS,
            "Separation within modalities: speaker recognition and face verification",
            f"{args.identity_epochs} epochs",
        ),
    }
    text = about + "\n"
    for part, (runs, columns, title, budget) in parts.items():
        if runs is None:
            continue
        headers, rows = table(runs, columns)
        text += f"\n{title} ({budget}):\n\n{format_table(headers, rows, markdown=True)}\n"
        if args.results:
            result = {
                "title": title,
                "about": f"{about} {budget.capitalize()}.",
                "command": f"python recipes/SeeingVoices/ablation.py --out results/seeing_voices --seeds {' '.join(map(str, args.seeds))}",
                "headers": headers,
                "rows": rows,
            }
            write_json(args.results / f"{part}.json", result)
    write_text(args.out / "results.md", text)
    write_json(
        args.out / "results.json",
        {"seeds": args.seeds, "weight": args.weight, "sync": sync, "identity": identity},
    )
    return text


def main() -> None:
    """Simulate, train, score, print."""
    parser = script_parser(__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--results", type=Path, help="also write the tables here, as the results page takes them"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--clips", type=Path, help="of recipes/Sync/simulate.py")
    parser.add_argument("--manifest", type=Path, help="of `pins simulate clips`")
    parser.add_argument("--people", type=int, default=500, help="simulated if no manifest is given")
    parser.add_argument("--sync_people", type=int, default=300, help="simulated if no --clips")
    parser.add_argument("--weight", type=float, default=1.0, help="of the separation")
    parser.add_argument("--sync_epochs", type=int, default=3, help="of 100 steps of 16 stretches")
    parser.add_argument("--word_steps", type=int, default=300)
    parser.add_argument("--identity_epochs", type=int, default=6)
    parser.add_argument(
        "--parts", nargs="+", choices=("sync", "identity"), default=("sync", "identity")
    )
    args = parser.parse_args()
    if args.clips is None and "sync" in args.parts:
        args.clips = args.out / "sync_clips"
        options = ["--people", str(args.sync_people), "--seed", "11"]
        subprocess.run([sys.executable, str(SIMULATE), str(args.clips), *options], check=True)
    if args.manifest is None and "identity" in args.parts:
        settings = CorpusSettings(
            people=args.people, clips_per_person=3, seed=12, splits=(0.76, 0.04, 0.2)
        )
        args.manifest = write_corpus(args.out / "clips", settings)
    sync = run_sync(args) if "sync" in args.parts else None
    identity = run_identity(args) if "identity" in args.parts else None
    print(write_results(args, sync, identity))


if __name__ == "__main__":
    run_script(main)
