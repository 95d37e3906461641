"""Score our heads and published code side by side on the same table of embeddings and the same split.

  git clone https://github.com/msaadsaeed/FOP
  python recipes/Features/compare_published.py --fop FOP --face_embeddings face.npz --voice_embeddings voice.npz
      --manifest manifest.csv --out results/features/published [--vfal VFAL]

FOP (Saeed et al., ICASSP 2022) is told who is who in training; ours is not, except in the row that says so. Where there are
people of split valid, each FOP run keeps the epoch they prefer. `--vfal`, a clone of https://github.com/my-yy/vfal-eva, adds
five works, which need people of split valid. Chance is 0.5 for AUC, EER and 1 of 2.
"""

from pathlib import Path

from published_fop import best_fop
from published_vfal import METHODS, best_vfal

from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.cross_modal import evaluate_cross_modal
from pins_plugin.models.layers.heads import apply_head
from pins_plugin.report.tables import format_table
from pins_plugin.train.features.named_objectives import make_objective
from pins_plugin.train.features.training import FitSettings, fit_heads, read_splits
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.script import run_script, script_parser

HEADERS = ["method", "AUC", "95 % interval", "EER", "1 of 2", "1 of 10"]


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
    parser.add_argument("--epochs", type=int, default=50, help="of FOP (default: 50, as published)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    splits = read_splits(args.face_embeddings, args.voice_embeddings, args.manifest)
    if "test" not in splits:
        raise ManifestError(f"{args.manifest}: expected people of split test to compare on")
    if args.vfal and "valid" not in splits:
        raise ManifestError(f"{args.manifest}: expected people of split valid, which --vfal needs")
    faces, voices = splits["test"]
    reports = {}

    def score(name: str, face_embeddings: object, voice_embeddings: object) -> None:
        reports[name] = evaluate_cross_modal(
            face_embeddings, voice_embeddings, faces.identities, voices.identities, seed=args.seed
        )

    for name, supervised in (("ours", False), ("ours, labels", True)):
        mixture, _ = fit_heads(
            splits, make_objective("contrastive"), FitSettings(), supervised, args.seed
        )
        heads = mixture.build()
        score(name, apply_head(heads[0], faces.embeddings), apply_head(heads[1], voices.embeddings))
    for rate, batch in ((1e-5, 128), (1e-2, 32), (1e-3, 128)):
        embed = best_fop(
            args.fop,
            splits["train"],
            splits.get("valid"),
            num_epochs=args.epochs,
            seed=args.seed,
            learning_rate=rate,
            batch_size=batch,
        )
        score(
            f"FOP, rate {rate:g}, batch {batch}, labels",
            *embed(faces.embeddings, voices.embeddings),
        )
    for method in METHODS if args.vfal else ():
        embed = best_vfal(args.vfal, method, splits["train"], splits["valid"], seed=args.seed)
        score(method, *embed(faces.embeddings, voices.embeddings))
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
