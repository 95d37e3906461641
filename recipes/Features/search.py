"""Compare ways to join faces and voices on simulated recognition embeddings of many kinds; writes results.md and results.json.

  python recipes/Features/search.py --fop FOP --vfal VFAL               # the whole table
  python recipes/Features/search.py                                     # without published code, which needs clones of it
  python recipes/Features/search.py --regimes small --seeds 0 --out /tmp/quick --cache /tmp/quick/parts

A run that was stopped goes on; scores that are in the cache are not made again, so clear it when methods have changed.
Every method sees the same training people, and the same people held out to stop by; all are scored on the same pairs of
other people. Methods marked "labels" are told who is who in training.
"""

import argparse
import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np
from published_fop import EPOCHS, best_fop
from published_vfal import METHODS, best_vfal

from pins_plugin.data.training.features import FeatureRows
from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.metrics.bootstrap import bootstrap_interval, pair_weights
from pins_plugin.metrics.verification import eer, roc_auc
from pins_plugin.miners.random import RandomMiner
from pins_plugin.models.layers.heads import apply_head
from pins_plugin.report.tables import format_table
from pins_plugin.simulation.features import REGIMES, Regime, SimulatedFeatures, simulate_features
from pins_plugin.train.features.training import FitSettings, fit_heads
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

NUM_TEST = 200
NUM_PAIRS = 8000
RATES = ((0.01, 32), (0.001, 128))  # and batch sizes, of FOP
OBJECTIVE = MinedContrastiveLoss(ContrastiveLoss(margin=1.2), RandomMiner())
Rows = tuple[FeatureRows, FeatureRows]
Scores = dict[str, object]


def simulate(regime: Regime, name: str, seed: int) -> tuple[dict[str, Rows], "Judge"]:
    """Draw a table of people; the rows of each split, and the judge of the test."""
    counts = [regime.num_train, regime.num_valid, NUM_TEST]
    settings = replace(regime.settings, num_identities=sum(counts))
    features = simulate_features(settings, crc32(name.encode()) % 1000 + 1000 * seed)
    people = np.unique(features.identity)
    stops = np.cumsum(counts)
    splits = {
        split: rows_of(features, np.isin(features.identity, people[stop - count : stop]))
        for split, stop, count in zip(("train", "valid", "test"), stops, counts, strict=True)
    }
    return splits, Judge(splits.pop("test"), features, int(stops[1]))


def rows_of(features: SimulatedFeatures, kept: np.ndarray) -> Rows:
    """Rows of some clips."""
    clips = [
        TalkingFaceClip(f"clip{i}", features.identity[i], features.video[i], Path(), Path())
        for i in np.flatnonzero(kept).tolist()
    ]
    return (
        FeatureRows(features.face_embeddings[kept], clips),
        FeatureRows(features.voice_embeddings[kept], clips),
    )


class Judge:
    """Verification of people never seen, always the same pairs: everyone as often, half with their own voice."""

    def __init__(self, rows: Rows, features: SimulatedFeatures, first: int) -> None:
        self.faces, self.voices = rows[0].embeddings, rows[1].embeddings
        people = np.unique(rows[0].identities, return_inverse=True)[1]
        generator = np.random.default_rng(0)
        seen = generator.integers(0, NUM_TEST, 2 * NUM_PAIRS)
        heard = (seen + generator.integers(1, NUM_TEST, 2 * NUM_PAIRS)) % NUM_TEST
        heard[:NUM_PAIRS] = seen[:NUM_PAIRS]
        rows_of_person = [np.flatnonzero(people == person) for person in range(NUM_TEST)]
        self.pairs = [
            np.array([generator.choice(rows_of_person[person]) for person in side])
            for side in (seen, heard)
        ]
        self.people, self.same = (seen, heard), seen == heard
        male = features.causes.is_male
        self.alike = male[seen + first] == male[heard + first]
        self.oracle = features.causes.oracle(seen + first, heard + first)

    def __call__(self, heads: tuple) -> Scores:
        """Score two heads."""
        return self.embeddings(apply_head(heads[0], self.faces), apply_head(heads[1], self.voices))

    def embeddings(self, faces: np.ndarray, voices: np.ndarray) -> Scores:
        """Score embeddings of unit length."""
        return self.scores(np.einsum("ij,ij->i", faces[self.pairs[0]], voices[self.pairs[1]]))

    def scores(self, similarities: np.ndarray) -> Scores:
        """Score the pairs: AUC with its interval over the people of the test, EER, AUC within a gender."""

        def auc(counts: np.ndarray) -> np.ndarray:
            return roc_auc(similarities, self.same, pair_weights(counts, *self.people))

        interval = bootstrap_interval(
            auc, NUM_TEST, generator=np.random.default_rng(1), num_replicates=200
        )
        return {
            "auc": roc_auc(similarities, self.same),
            "ci95": interval.tolist(),
            "eer": eer(similarities, self.same),
            "auc_same_gender": roc_auc(similarities[self.alike], self.same[self.alike]),
        }


def main_methods(splits: dict[str, Rows], judge: Judge, seed: int) -> Iterator[tuple[str, Scores]]:
    """Score the default and its halves, without and with labels (the same where people were told apart without)."""
    people = len(set(splits["train"][0].identities))
    mixture, report = fit_heads(splits, OBJECTIVE, FitSettings(), seed=seed, quiet=True)
    yield "the default", judge(mixture.build())
    yield "closed form only", judge(mixture.build(0.0))
    yield "networks only", judge(mixture.build(1.0))
    if report["num_people_found"] != people:
        mixture, _ = fit_heads(splits, OBJECTIVE, FitSettings(), True, seed, quiet=True)
    yield "the default, labels", judge(mixture.build())


def published_fop(
    splits: dict[str, Rows],
    judge: Judge,
    seed: int,
    clone: Path,
    rates: tuple = RATES,
    epochs: int = EPOCHS,
) -> Iterator[tuple[str, Scores]]:
    """Score the published code of FOP, told who is who."""
    for rate, batch_size in rates:
        options = {"learning_rate": rate, "batch_size": batch_size, "num_epochs": epochs}
        embed = best_fop(clone, splits["train"], splits.get("valid"), seed=seed, **options)
        name = f"published FOP, rate {rate:g}, batch {batch_size}, labels"
        yield name, judge.embeddings(*embed(judge.faces, judge.voices))


def published_vfal(
    splits: dict[str, Rows], judge: Judge, seed: int, clone: Path, method: str
) -> Iterator[tuple[str, Scores]]:
    """Score the published code of one of five works, at its own settings."""
    embed = best_vfal(clone, method, splits["train"], splits["valid"], seed=seed)
    yield f"published {method}", judge.embeddings(*embed(judge.faces, judge.voices))


def upper_bound(splits: dict[str, Rows], judge: Judge, seed: int) -> Iterator[tuple[str, Scores]]:
    """Score the judge that reads the causes."""
    yield "upper bound", judge.scores(judge.oracle)


def methods_of(args: argparse.Namespace) -> dict[str, Callable]:
    """What is scored on a kind of table, by the name of its file in the cache."""
    parts: dict[str, Callable] = {"default": main_methods}
    if args.fop is not None:
        parts["fop"] = partial(published_fop, clone=args.fop)
    for method in METHODS if args.vfal is not None else ():
        parts[method] = partial(published_vfal, clone=args.vfal, method=method)
    return {**parts, "bound": upper_bound}


def cached(path: Path, make: Callable[[], Iterator[tuple[str, Scores]]]) -> dict[str, Scores]:
    """Scores by method: read where they are, else made and written."""
    if not path.is_file():
        write_json(path, dict(make()))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def main() -> None:
    """Write the table."""
    parser = script_parser(__doc__)
    parser.add_argument("--regimes", nargs="+", default=list(REGIMES), choices=list(REGIMES))
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[10],
        help="others than those by which the default was chosen, 0 and 1 (default: 10)",
    )
    parser.add_argument("--fop", type=Path, help="a clone of github.com/msaadsaeed/FOP")
    parser.add_argument("--vfal", type=Path, help="a clone of github.com/my-yy/vfal-eva")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("results/features/search"),
        help="where scores of one method on one table are kept (default: results/features/search)",
    )
    args = parser.parse_args()
    results: dict[str, dict] = {}
    tables = [(seed, name) for seed in args.seeds for name in args.regimes]
    for seed, name in progress(tables, "tables"):
        splits, judge = simulate(REGIMES[name], name, seed)
        for part, score in methods_of(args).items():
            path = args.cache / f"{name}_{seed}_{part.replace(', ', '_')}.json"
            for method, scores in cached(path, partial(score, splits, judge, seed)).items():
                results.setdefault(method, {}).setdefault(name, {})[str(seed)] = scores
    write_json(args.out / "results.json", results)
    write_text(args.out / "results.md", format_results(results, args))
    print(format_results(results, args))


def format_results(results: dict, args: argparse.Namespace) -> str:
    """Lay scores (method, regime, seed) out as a page."""
    shown = [name for name in args.regimes if name in results["the default"]]
    pages = [
        "# Simulated recognition embeddings: what was tried\n",
        f"Made by `python recipes/Features/search.py{' --fop FOP' if args.fop else ''}{' --vfal VFAL' if args.vfal else ''}` on 2 CPU cores ({platform.machine()}); "
        f"seed{'s' * (len(args.seeds) > 1)} {', '.join(map(str, args.seeds))}; {NUM_TEST} people in each test. Verification AUC of people never seen: mean over seeds "
        "± half of the 95 % interval of one test (bootstrap over its people, mean over seeds). Chance is 0.5. Upper bound: a judge that reads the "
        "shared causes themselves, not embeddings.\n",
        "| kind of table | what it is like |\n| --- | --- |",
        *(f"| {name} | {REGIMES[name].about} |" for name in shown),
        "",
    ]
    for title, key in (
        ("Verification AUC", "auc"),
        ("Equal error rate (chance 0.5)", "eer"),
        ("Verification AUC within a gender", "auc_same_gender"),
    ):
        methods = [m for m, by_name in results.items() if set(by_name) >= set(shown)]
        rows = [[m, *(cell(results[m][name], key) for name in shown)] for m in methods]
        pages += [f"## {title}\n", format_table(["method", *shown], rows, markdown=True), ""]
    return "\n".join(pages)


def cell(by_seed: dict[str, Scores], key: str) -> str:
    """Mean over seeds, for the AUC with half an interval."""
    mean = f"{np.mean([scores[key] for scores in by_seed.values()]):.3f}"
    if key != "auc":
        return mean
    halves = [(scores["ci95"][1] - scores["ci95"][0]) / 2 for scores in by_seed.values()]
    return f"{mean} ± {np.mean(halves):.3f}"


if __name__ == "__main__":
    run_script(main)
