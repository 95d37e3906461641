"""Do features that learnt from synchrony save labels? Lip reading from few and from many labelled sentences.

  python recipes/LipReading/learning_curve.py --clips clips/grid --words grid_s1/words.csv --out results/curve

For each number of labelled sentences, with the same steps, batches and split: the word classifier on frozen features of
--synchronizer, and the same network trained end to end from scratch. The step is chosen on validation
sentences, the score is of test sentences; neither is ever trained on. Words of a manifest of simulated people
(recipes/Sync/simulate.py) are split by person. Writes OUT/results.md and OUT/results.json; finished runs are kept.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from pins_plugin.data.sync import load_sync_clip
from pins_plugin.data.words import SpokenWord, read_words, vocabulary
from pins_plugin.metrics.seeds import mean_over_seeds
from pins_plugin.models.folder import load_model_folder
from pins_plugin.models.lip_reader import WordClassifier
from pins_plugin.models.sync import LipEncoder
from pins_plugin.train.lip_reading import split_words, train_lip_reader, word_accuracy
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.seeding import seed_everything

WAYS = ("frozen", "end to end")


def choose_sentences(words: Sequence[SpokenWord], count: int, seed: int) -> list[SpokenWord]:
    """Words of `count` clips, drawn by the seed."""
    names = sorted({word.clip for word in words})
    chosen = set(np.random.default_rng(seed).permutation(names)[:count].tolist())
    return [word for word in words if word.clip in chosen]


def main() -> None:
    """Train, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--synchronizer", default="sync")
    parser.add_argument("--sentences", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--learning_rate", type=float, default=3e-3)
    args = parser.parse_args()
    paths = {path.stem: path for path in args.clips.rglob("*.npz")}
    words = [word for word in read_words(args.words) if word.clip in paths]
    train, valid, test = split_words(words, 50, 50)
    known = vocabulary(words)
    lips = {
        name: torch.from_numpy(load_sync_clip(paths[name]).lips)
        for name in sorted({word.clip for word in words})
    }
    found: dict[str, dict[int, list[float]]] = {way: {} for way in args.ways}
    for count in args.sentences:
        for way in args.ways:
            for seed in args.seeds:
                path = args.out / "runs" / f"{way} {count} {seed}.json"
                if not path.is_file():
                    print(f"-- {path.stem}", flush=True)
                    chosen = choose_sentences(train, count, seed)
                    write_json(path, run(args, lips, chosen, valid, test, known, way, seed))
                found[way].setdefault(count, []).append(json.loads(path.read_text())["top1"])
    write_results(args, found, len(test), len(known))


def run(
    args: argparse.Namespace,
    lips: dict[str, torch.Tensor],
    train: Sequence[SpokenWord],
    valid: Sequence[SpokenWord],
    test: Sequence[SpokenWord],
    known: Sequence[str],
    way: str,
    seed: int,
) -> dict[str, float]:
    """Train one way on some words."""
    seed_everything(seed)
    encoder = (
        LipEncoder()
        if way == "end to end"
        else load_model_folder(args.synchronizer).modules["lip_encoder"]
    )
    classifier = WordClassifier(encoder.inner_dim, len(known), dropout=0.3)
    history = train_lip_reader(
        lips, train, known, encoder, classifier, end_to_end=way == "end to end",
        num_steps=args.steps, batch_size=args.batch_size, learning_rate=args.learning_rate,
        seed=seed, valid_words=valid, valid_every=max(1, args.steps // 8), quiet=True,
    )  # fmt: skip
    right = word_accuracy(lips, test, known, encoder, classifier)
    valid_accuracy, step = max(entry[::-1] for entry in history)
    return {"top1": float(right.float().mean()), "valid": valid_accuracy, "step": step}


def write_results(
    args: argparse.Namespace,
    found: dict[str, dict[int, list[float]]],
    num_test: int,
    num_words: int,
) -> None:
    """Write and print the table."""
    lines = [
        f"| top-1, %, {num_test} test words | {' | '.join(f'{count} clips' for count in args.sentences)} |",
        f"|---|{'---|' * len(args.sentences)}",
    ]
    for way, counts in found.items():
        cells = []
        for count in args.sentences:
            mean, half = mean_over_seeds([100 * value for value in counts[count]])
            cells.append(f"{mean:.1f}" + (f" ± {half:.1f}" if half == half else ""))
        lines.append(f"| {way} | {' | '.join(cells)} |")
    lines.append(f"| chance | {' | '.join([f'{100 / num_words:.1f}'] * len(args.sentences))} |")
    text = "\n".join(lines) + (
        f"\n\n{args.steps} steps of {args.batch_size} words each, seeds {' '.join(map(str, args.seeds))}; "
        "the step was chosen on validation sentences. With one word in 300 the 95 % interval of a cell is about 4 points.\n"
    )
    print(text)
    write_text(args.out / "results.md", text)
    write_json(args.out / "results.json", {"seeds": args.seeds, "steps": args.steps, "top1": found})


if __name__ == "__main__":
    main()
