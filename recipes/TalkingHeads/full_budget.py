"""How near to the oracle does training come with many people and more time? Simulate, train, score.

  python recipes/TalkingHeads/full_budget.py --out results/full [--json recipes/TalkingHeads/results/full_budget.json]

Every step goes on where a former run stopped. Another experiment on the same people:

  python recipes/TalkingHeads/full_budget.py --out results/full_curriculum --clips results/full/clips \
      --hparams hparams/many_people_curriculum.yaml

Any further --key value goes to the training.
"""

import json
import subprocess
import sys
from pathlib import Path

from pins_plugin.report.tables import SCORE_HEADERS, score_rows
from pins_plugin.utils.files import write_json
from pins_plugin.utils.script import run_script, script_parser

ROOT = Path(__file__).resolve().parents[2]
SPLITS = ("0.9", "0.04", "0.06")


def pins(*arguments: str) -> None:
    """Run a command of the package."""
    done = subprocess.run([sys.executable, "-m", "pins_plugin", *arguments], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """Parse, run the three commands, write the table."""
    parser = script_parser(__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for everything")
    parser.add_argument("--clips", type=Path, help="folder of the clips (default: OUT/clips)")
    parser.add_argument("--people", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hparams", type=Path, default=ROOT / "hparams" / "many_people.yaml")
    parser.add_argument("--json", type=Path, help="the table, as the folder results has them")
    args, options = parser.parse_known_args()
    clips, training, scores = (
        args.clips or args.out / "clips",
        args.out / "training",
        args.out / "scores",
    )
    size = ["--people", str(args.people), "--clips_per_person", "1", "--seed", str(args.seed)]
    pins("simulate", "clips", str(clips), *size, "--splits", *SPLITS)
    where = ["--manifest", str(clips / "manifest.csv"), "--output_folder", str(training)]
    pins("train", str(args.hparams), *where, *options)
    pins("evaluate", str(training / "model"), str(clips / "manifest.csv"), "--out", str(scores))
    report = json.loads((scores / "results.json").read_text(encoding="utf-8"))["unseen"]
    history = json.loads((training / "history.json").read_text(encoding="utf-8"))
    if args.json:
        result = {
            "title": f"Full budget: many simulated people, {args.hparams.stem}",
            "about": f"Trained on {round(0.9 * args.people)} people, scored on {report['num_identities']} others; "
            f"{len(history)} epochs in {history[-1]['seconds'] / 60:.0f} minutes, the best kept by validation "
            "people. Intervals: 95 %, over people.",
            "command": " ".join(
                [
                    f"python recipes/TalkingHeads/full_budget.py --hparams {args.hparams.name}",
                    *options,
                ]
            ),
            "headers": list(SCORE_HEADERS),
            "rows": list(score_rows(report)),
        }
        write_json(args.json, result)


if __name__ == "__main__":
    run_script(main)
