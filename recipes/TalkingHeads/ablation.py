"""Which negatives make learning from scratch succeed? All objectives, several seeds, one budget.

  python recipes/TalkingHeads/ablation.py --manifest clips/manifest.csv --out results/ablation --seeds 3 --num_epochs 30

Writes OUT/ablation.md (ROC AUC on validation people, mean and spread over seeds) and OUT/curve.csv (AUC over
time). Runs that are finished are not repeated; one that was stopped goes on. What is compared stands in
ablation.yaml beside this file. Any further --key value goes to each run.
"""

import argparse
import sys
from pathlib import Path

from pins_plugin.errors import PinsError
from pins_plugin.train.ablation import run_ablation

HERE = Path(__file__).resolve().parent
BASE = HERE.parents[1] / "hparams" / "talking_heads.yaml"


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each objective (3)")
    parser.add_argument("--hparams", type=Path, default=BASE, help="what all runs share")
    parser.add_argument("--variants", type=Path, default=HERE / "ablation.yaml")
    args, options = parser.parse_known_args()
    try:
        print(
            run_ablation(args.hparams, args.variants, args.manifest, args.out, args.seeds, options)
        )
    except PinsError as error:
        sys.exit(f"ablation.py: {error}")


if __name__ == "__main__":
    main()
