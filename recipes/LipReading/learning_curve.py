"""Do features that learnt from synchrony save labels? Lip reading from few and from many labeled sentences.

  python recipes/LipReading/learning_curve.py --clips clips/grid --words grid_s1/words.csv --out results/curve

Every tenth sentence chooses the number of steps and is never tested; the others are in --folds parts, each of which is
tested once by networks that saw neither its words nor its sentences. With the same labeled sentences and the same back end: on
frozen features of a lip encoder that learnt from the synchrony of all training sentences, labeled or not, without
words (hparams/sync_for_lips.yaml, --sync_steps; or that of --synchronizer); on frozen features of an encoder that learnt
nothing; and end to end from scratch. Each way has its own best number of steps. Intervals are 95 %, over sentences; differences are taken word by word.

Writes OUT/results.json, as the results page takes it. A run that was stopped goes on; finished runs are kept.
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pins_plugin.data.corpora.words import SpokenWord, vocabulary
from pins_plugin.data.training.sync_clips import load_sync_clip
from pins_plugin.metrics.bootstrap import mean_interval
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.models.lips.lip_reader import WordClassifier
from pins_plugin.models.lips.sync_encoders import LipEncoder
from pins_plugin.report.tables import format_table
from pins_plugin.train.experiment import load_experiment
from pins_plugin.train.lips.lip_reading import load_spoken, train_lip_reader, word_accuracy
from pins_plugin.train.lips.sync import train_synchronizer
from pins_plugin.utils.files import atomic_path, write_json
from pins_plugin.utils.script import run_script, script_parser
from pins_plugin.utils.seeding import seed_everything

FROZEN, UNTRAINED, END_TO_END = "frozen, synchrony", "frozen, untrained", "end to end"
SYNC = Path(__file__).resolve().parents[2] / "hparams" / "sync_for_lips.yaml"
WAYS = (FROZEN, UNTRAINED, END_TO_END)
Words = Sequence[SpokenWord]


def main() -> None:
    """Train, score, print."""
    parser = script_parser(__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--synchronizer", help="model folder, in place of one trained per fold")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--labeled", type=int, nargs="+", default=[25, 100, 400], help="sentences")
    parser.add_argument("--steps", type=int, nargs="+", default=[600, 2000], help="to choose from")
    parser.add_argument("--sync_steps", type=int, default=1800)
    parser.add_argument("--batch_size", type=int, default=32)
    args = parser.parse_args()
    lips, words = load_spoken(args.clips, args.words)
    names = sorted(lips)
    valid = names[5::10]
    tested = [name for name in names if name not in valid]
    right: dict[tuple[str, int], dict[str, list[float]]] = {}
    chosen: dict[str, list[int]] = {}
    guesses = []
    for fold in range(args.folds):
        test = tested[fold :: args.folds]
        train = [name for name in tested if name not in test]
        spoken = partial(words_of, words)
        guesses += guess_by_place(spoken(train), spoken(test))
        for count in args.labeled:
            order = np.random.default_rng(fold).permutation(train)
            labeled = order[:count].tolist()
            for way in WAYS:
                runs = {}
                for steps in args.steps:
                    path = args.out / "runs" / f"{way} {count} {fold} of {args.folds} {steps}.json"
                    if not path.is_file():
                        print(f"-- {path.stem}", flush=True)
                        encoder = make_encoder(args, way, fold, train)
                        parts = (spoken(labeled), spoken(valid), spoken(test))
                        write_json(path, read_words_of(lips, parts, vocabulary(words), encoder, way, steps, args.batch_size, fold))  # fmt: skip
                    runs[steps] = json.loads(path.read_text())
                best = max(runs, key=lambda steps: (runs[steps]["valid"], -steps))
                chosen.setdefault(f"{way}, {count}", []).append(best)
                right.setdefault((way, count), {}).update(runs[best]["right"])
    result = describe(args, right, float(np.mean(guesses)), len(vocabulary(words)))
    print(result["about"], format_table(result["headers"], result["rows"], markdown=True), sep="\n\n")  # fmt: skip
    write_json(args.out / "results.json", {**result, "steps_chosen_by_fold": chosen})


def words_of(words: Words, clips: Sequence[str]) -> list[SpokenWord]:
    """Words of some clips."""
    wanted = set(clips)
    return [word for word in words if word.clip in wanted]


def guess_by_place(train: Words, test: Words) -> list[bool]:
    """Is the commonest word of its place in the sentence right? What can be known without looking."""
    counts: dict[int, Counter[str]] = {}
    for place, word in with_places(train):
        counts.setdefault(place, Counter())[word.word] += 1
    return [
        place in counts and counts[place].most_common(1)[0][0] == word.word
        for place, word in with_places(test)
    ]


def with_places(words: Words) -> list[tuple[int, SpokenWord]]:
    """Words with their number in the sentence."""
    seen: Counter[str] = Counter()
    placed = []
    for word in sorted(words, key=lambda each: (each.clip, each.start)):
        placed.append((seen[word.clip], word))
        seen[word.clip] += 1
    return placed


def make_encoder(args: argparse.Namespace, way: str, fold: int, train: Sequence[str]) -> LipEncoder:
    """Build the encoder of one way; what learns from synchrony is trained once for each fold."""
    if way == FROZEN and args.synchronizer:
        shipped: LipEncoder = load_model_folder(args.synchronizer).modules["lip_encoder"]
        return shipped
    seed_everything(fold)
    if way != FROZEN:
        return LipEncoder().eval()
    hparams = load_experiment(SYNC, {"clips": str(args.clips), "output_folder": str(args.out)})
    encoder: LipEncoder = hparams["lip_encoder"].eval()
    path = args.out / "encoders" / f"{fold}.pt"
    if not path.is_file():
        clips = [load_sync_clip(path) for path in args.clips.rglob("*.npz") if path.stem in train]
        train_synchronizer(
            clips, encoder, hparams["sound_encoder"], hparams["objective"], num_epochs=1,
            steps_per_epoch=args.sync_steps, batch_size=hparams["batch_size"],
            augmentation=hparams["augmentation"], seed=fold, quiet=True,
        )  # fmt: skip
        with atomic_path(path) as temporary:
            torch.save(encoder.state_dict(), temporary)
    encoder.load_state_dict(torch.load(path, weights_only=True))
    return encoder


def read_words_of(
    lips: Mapping[str, torch.Tensor],
    parts: tuple[Words, Words, Words],
    known: Sequence[str],
    encoder: LipEncoder,
    way: str,
    steps: int,
    batch_size: int,
    seed: int,
) -> dict[str, object]:
    """Train one way on the labeled words; which words of the test sentences are read right."""
    labeled, valid, test = parts
    seed_everything(seed)
    classifier = WordClassifier(encoder.inner_dim, len(known), dropout=0.3)
    train_lip_reader(
        lips, labeled, known, encoder, classifier, end_to_end=way == END_TO_END,
        num_steps=steps, batch_size=batch_size, seed=seed, quiet=True,
    )  # fmt: skip
    found: dict[str, list[int]] = {}
    for word, is_right in zip(test, word_accuracy(lips, test, known, encoder, classifier), strict=True):  # fmt: skip
        found.setdefault(word.clip, []).append(int(is_right))
    accuracy = word_accuracy(lips, valid, known, encoder, classifier).float().mean()
    return {"valid": float(accuracy), "right": found}


def describe(
    args: argparse.Namespace,
    right: Mapping[tuple[str, int], Mapping[str, Sequence[float]]],
    guess: float,
    num_words: int,
) -> dict[str, Any]:
    """Lay out the table: every way, and how far frozen features are from the others."""
    sentences = sorted(next(iter(right.values())))

    def cell(way: str, count: int, other: str | None = None) -> str:
        values = [np.array(right[way, count][name], float) for name in sentences]
        if other is not None:
            values = [row - right[other, count][name] for row, name in zip(values, sentences, strict=True)]  # fmt: skip
        labels = np.repeat(np.arange(len(values)), [len(row) for row in values])
        low, high = mean_interval(
            np.concatenate(values), labels, len(values), generator=np.random.default_rng(0)
        )
        mean = np.concatenate(values).mean()
        return f"{100 * mean:.1f} ({100 * low:.1f} to {100 * high:.1f})"

    rows = [[way, *(cell(way, count) for count in args.labeled)] for way in WAYS]
    rows += [
        [f"{FROZEN}, less {other}", *(cell(FROZEN, count, other) for count in args.labeled)]
        for other in WAYS[1:]
    ]
    rows.append(["commonest word of its place", *[f"{100 * guess:.1f}"] * len(args.labeled)])
    rows.append(["chance", *[f"{100 / num_words:.1f}"] * len(args.labeled)])
    headers = ["top-1, %", *(f"{count} labeled sentences" for count in args.labeled)]
    num_tested = sum(len(row) for row in next(iter(right.values())).values())
    options = " ".join(f"--{name} {' '.join(map(str, np.atleast_1d(getattr(args, name))))}" for name in ("folds", "labeled", "steps"))  # fmt: skip
    return {
        "title": "Words read off lips: frozen or end to end",
        "about": f"{num_tested} words of {len(sentences)} sentences in {args.folds} folds, networks seeded by the fold. Each way has the best of "
        f"{', '.join(map(str, args.steps))} steps of {args.batch_size} words, chosen on other sentences. Intervals: 95 %, over sentences.",
        "command": f"python recipes/LipReading/learning_curve.py --clips CLIPS --words WORDS --out OUT {options}",
        "headers": headers,
        "rows": rows,
    }  # fmt: skip


if __name__ == "__main__":
    run_script(main)
