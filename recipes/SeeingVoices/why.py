"""Why does separation help to tell people apart, and not to find offsets or to read lips? And why are both no more than one?

  python recipes/SeeingVoices/why.py --clips results/seeing_voices/sync_clips --manifest results/seeing_voices/clips/manifest.csv --out results/why

The settings of `ablation.py` again, with the number of dimensions that the features of unseen people make use of
(`metrics.spread`), which is what separation changes. Synchronization is taken off its ceiling: features that
see five frames, the published loss over single features, --sync_steps steps, also with a larger weight. Words are also read from the outputs,
which separation sees, not from the layers below them. Identity has the reading with a separate term, too.

Writes OUT/why_sync.json and OUT/why_identity.json, as the results page takes them, and keeps each run's numbers in
OUT/runs. A run that was stopped goes on; finished runs are not repeated.
"""

import argparse
from functools import partial
from pathlib import Path

import identity_runs
import sync_runs
from ablation import SETTINGS, Runs, difference, each_seed, table

from pins_plugin.report.tables import format_table
from pins_plugin.utils.files import write_json
from pins_plugin.utils.script import run_script, script_parser

SYNC_COLUMNS = (
    "offsets right, 1 frames",
    "offsets right, 5 frames",
    "words right",
    "words right, outputs",
    "lips, dimensions",
    "sound, dimensions",
)
IDENTITY_COLUMNS = (
    "voice EER",
    "voice EER, probe",
    "face EER",
    "face EER, probe",
    "across AUC",
    "voices, dimensions",
    "faces, dimensions",
)


def run_sync(args: argparse.Namespace) -> Runs:
    """Synchronization and lip reading, off the ceiling."""
    train = partial(
        sync_runs.train_and_score, sync_runs.SimulatedClips(args.clips), num_epochs=1,
        steps_per_epoch=args.sync_steps, num_steps=args.word_steps, num_blocks=0, window_lengths=(1,),
    )  # fmt: skip
    variants = {name: partial(train, separated, weight=1.0) for name, separated in SETTINGS.items()}
    variants["+ within both, weight 4"] = partial(train, SETTINGS["+ within both"], weight=4.0)
    return {name: each_seed(args, f"sync {name}", run) for name, run in variants.items()}


def run_identity(args: argparse.Namespace) -> Runs:
    """Speaker recognition and face verification, and the reading with a separate term."""
    variants = {name: (separated, "denominator") for name, separated in SETTINGS.items()}
    variants["+ within both, a separate term"] = (SETTINGS["+ within both"], "term")
    train = partial(identity_runs.train_and_score, args.manifest, args.out / "training",
                    weight=1.0, num_epochs=args.identity_epochs)  # fmt: skip
    return {
        name: each_seed(args, f"identity {name}", partial(train, name, separated, form=form))
        for name, (separated, form) in variants.items()
    }


def main() -> None:
    """Train, score, print."""
    parser = script_parser(__doc__)
    parser.add_argument("--clips", type=Path, help="of recipes/Sync/simulate.py")
    parser.add_argument("--manifest", type=Path, help="of `pins simulate clips`")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--sync_steps", type=int, default=100, help="of 16 stretches")
    parser.add_argument("--word_steps", type=int, default=150)
    parser.add_argument("--identity_epochs", type=int, default=6)
    args = parser.parse_args()
    parts = {
        "sync": (args.clips, run_sync, SYNC_COLUMNS, f"synchronization and lip reading off the ceiling ({args.sync_steps} steps, five frames seen)"),
        "identity": (args.manifest, run_identity, IDENTITY_COLUMNS, f"recognition ({args.identity_epochs} epochs)"),
    }  # fmt: skip
    seeds = " ".join(map(str, args.seeds))
    for part, (given, run, columns, title) in parts.items():
        if given is None:
            continue
        runs = run(args)
        headers, rows = table(runs, columns)
        rows += [
            [f"+ within both, less {one}", *difference(runs["+ within both"], runs[one], columns)]
            for one in ("+ within sound", "+ within video")
        ]
        result = {
            "title": f"What separation changes: {title}",
            "about": f"Seeds {seeds}; ± is half of the 95 % interval over them (Student); differences are taken seed by seed. "
            "All people are simulated and in no training. Dimensions: participation ratio of the variances.",
            "command": f"python recipes/SeeingVoices/why.py {'--clips CLIPS' if part == 'sync' else '--manifest MANIFEST'} --out OUT --seeds {seeds}",
            "headers": headers,
            "rows": rows,
        }  # fmt: skip
        print(f"{result['title']}\n\n{format_table(headers, rows, markdown=True)}\n")
        write_json(args.out / f"why_{part}.json", result)


if __name__ == "__main__":
    run_script(main)
