"""Which negatives make learning from scratch succeed? All objectives, several seeds, one budget.

  pins simulate clips clips --people 2600 --clips_per_person 1 --splits 0.8 0.2 0
  python recipes/TalkingHeads/ablation.py --manifest clips/manifest.csv --out results/ablation --seeds 3

Writes OUT/ablation.json (ROC AUC on validation people, intervals over seeds, chance and oracle), curve.png and
curve.csv (ROC AUC over time), and prints the table. Runs that are finished are not repeated; one that was stopped goes
on. What is compared stands in ablation.yaml, what all runs share in ablation_shared.yaml, both beside this file. Any
further --key value goes to each run.
"""

from pathlib import Path

import numpy as np

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.errors import PinsError
from pins_plugin.metrics.verification import roc_auc
from pins_plugin.report.ablation import ablation_curve, ablation_result, plot_ablation
from pins_plugin.report.tables import format_table
from pins_plugin.simulation.oracle import oracle_similarities
from pins_plugin.train.ablation import run_ablation
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.script import run_script, script_parser

HERE = Path(__file__).resolve().parent
TITLE = "Which negatives? Learnable PINs from scratch on simulated people"


def main() -> None:
    """Parse, run, write."""
    parser = script_parser(__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each variant (3)")
    parser.add_argument("--hparams", type=Path, default=HERE / "ablation_shared.yaml")
    parser.add_argument("--variants", type=Path, default=HERE / "ablation.yaml")
    parser.add_argument(
        "--only_finished", action="store_true", help="train nothing, tabulate what is there"
    )
    args, options = parser.parse_known_args()
    histories = run_ablation(
        args.hparams,
        args.variants,
        args.manifest,
        args.out,
        args.seeds,
        options,
        args.only_finished,
    )
    if not histories:
        raise PinsError(f"{args.out}: no run is finished")
    oracle, about = describe(args.manifest, args.seeds)
    command = " ".join(
        ["python recipes/TalkingHeads/ablation.py --seeds", str(args.seeds), *options]
    )
    result = ablation_result(histories, oracle=oracle, title=TITLE, about=about, command=command)
    write_json(args.out / "ablation.json", result)
    write_text(args.out / "curve.csv", ablation_curve(histories))
    plot_ablation(histories, args.out / "curve.png", oracle=oracle)
    print(format_table(result["headers"], result["rows"]))


def describe(manifest: Path, num_seeds: int) -> tuple[float | None, str]:
    """Score the oracle on the validation people, and say what the table rests on."""
    clips = read_manifest(manifest)
    people = {
        split: [clip.identity for clip in clips if clip.split == split]
        for split in ("train", "valid")
    }
    about = (
        f"{len(set(people['train']))} simulated training people, {len(set(people['valid']))} validation "
        f"people (every face against every voice); intervals: Student's t over seeds, where there are several."
    )
    truth = manifest.parent / "people.npz"
    if not truth.is_file():
        return None, about
    scores = oracle_similarities(truth, people["valid"], people["valid"])
    names = np.array(people["valid"])
    return float(roc_auc(scores.ravel(), (names[:, None] == names).ravel())), about


if __name__ == "__main__":
    run_script(main)
