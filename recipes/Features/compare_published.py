"""Score our heads and published code side by side on the same table of embeddings and the same split.

  git clone https://github.com/msaadsaeed/FOP
  python recipes/Features/compare_published.py --fop FOP --face_embeddings face.npz --voice_embeddings voice.npz
      --manifest manifest.csv --out results/features/published [--vfal VFAL]

FOP (Saeed et al., ICASSP 2022) is told who is who in training; ours is not, except in the row that says so. Where there are
people of split valid, each FOP run keeps the epoch they prefer. `--vfal`, a clone of https://github.com/my-yy/vfal-eva, adds
five works, which need people of split valid. Chance is 0.5 for AUC, EER and 1 of 2.
"""

from functools import partial
from pathlib import Path

from published_fop import EPOCHS
from published_vfal import METHODS
from search import RATES, main_methods, published_fop, published_vfal

from pins_plugin.data.training.features import FeatureRows
from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.cross_modal import evaluate_cross_modal
from pins_plugin.models.layers.heads import apply_head
from pins_plugin.report.tables import format_table
from pins_plugin.train.features.training import read_splits
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.script import run_script, script_parser

HEADERS = ["method", "AUC", "95 % interval", "EER", "1 of 2", "1 of 10"]


class Judge:
    """Scores heads and embeddings on the people of split test."""

    def __init__(self, rows: tuple[FeatureRows, FeatureRows], seed: int) -> None:
        self.rows, self.seed = rows, seed
        self.faces, self.voices = (part.embeddings for part in rows)

    def __call__(self, heads: tuple) -> dict:
        """Score two heads."""
        return self.embeddings(apply_head(heads[0], self.faces), apply_head(heads[1], self.voices))

    def embeddings(self, faces: object, voices: object) -> dict:
        """Score embeddings of unit length."""
        people = [part.identities for part in self.rows]
        return evaluate_cross_modal(faces, voices, *people, seed=self.seed)


def main() -> None:
    """Train, score, write the table."""
    parser = script_parser(__doc__)
    parser.add_argument("--fop", type=Path, required=True, help="a clone of the published code")
    parser.add_argument(
        "--vfal", type=Path, help="a clone of the published code of five more works"
    )
    for name in ("face_embeddings", "voice_embeddings", "manifest"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of FOP (default: as published)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    splits = read_splits(args.face_embeddings, args.voice_embeddings, args.manifest)
    if "test" not in splits:
        raise ManifestError(f"{args.manifest}: expected people of split test to compare on")
    if args.vfal and "valid" not in splits:
        raise ManifestError(f"{args.manifest}: expected people of split valid, which --vfal needs")
    methods = [main_methods, partial(published_fop, clone=args.fop, rates=((1e-5, 128), *RATES), epochs=args.epochs)]  # fmt: skip
    for method in METHODS if args.vfal else ():
        methods.append(partial(published_vfal, clone=args.vfal, method=method))
    judge = Judge(splits["test"], args.seed)
    reports = {name: report for score in methods for name, report in score(splits, judge, args.seed)}  # fmt: skip
    table = format_table(HEADERS, [row(*item) for item in reports.items()], markdown=True)
    write_json(args.out / "published.json", reports)
    write_text(args.out / "published.md", table + "\n")
    print(table)


def row(name: str, report: dict) -> list[str]:
    """One line of the table; both directions of matching are averaged."""
    verification, matching = report["verification"], report["matching"]
    low, high = verification["ci95"]
    return [
        name,
        f"{verification['roc_auc']:.3f}",
        f"{low:.3f} - {high:.3f}",
        f"{verification['eer']:.3f}",
        *(f"{matching[ways]['accuracy']:.3f}" for ways in ("2", "10")),
    ]


if __name__ == "__main__":
    run_script(main)
