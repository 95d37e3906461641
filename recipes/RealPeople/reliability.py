"""Do the probabilities of `face_voice` hold on people whom its heads do not know, and who suffers from its errors?

  python recipes/RealPeople/reliability.py prepared [--portraits DATA/portraits] [--folds 5] [--out results/reliability]

PREPARED is what prepare.py wrote. Everybody in it, those for learning and those for choosing, is parted into folds; each fold is judged by
heads that learnt from the others, with a gain fitted on the fold before it, in which they learnt nothing either. So no person
takes part in what judges him or her. Nobody of `reporting` in split.yaml is opened.

Pairs are of two kinds: the real ones of people in video (each face with each voice of the fold), pooled as `verify_files` does; and portraits with
voices of others, where a pair whose recorded sexes agree stands for one person's. Half of all pairs count as one person's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import normalize

from pins_plugin.errors import ManifestError
from pins_plugin.inference.joint_calibration import JointCalibration
from pins_plugin.metrics.calibration import ReliabilityBin, reliability
from pins_plugin.report.tables import format_table
from pins_plugin.train.experiment import load_experiment
from pins_plugin.train.pairs.soft_pairs import ENCODERS, SoftRows, fit_gain, fit_heads
from pins_plugin.utils.files import read_table, write_json, write_text
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

YAML = Path(__file__).resolve().parents[2] / "hparams" / "face_voice.yaml"
SIDES = ("faces", "voices")
EDGES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.6, 0.7)
BORN = {"before 1940": (1, 1940), "1940 to 1954": (1940, 1955), "1955 or later": (1955, 2100)}


class Judged(NamedTuple):
    """Pairs of one kind: one entry each.

    Parameters
    ----------
    probability : of one person, as stated
    same, other : how often it stands for one person's pair, and for two people's
    face, voice : whose they are
    answer : -1 "two people", 0 "cannot tell", 1 "one person"
    """

    probability: NDArray[np.float64]
    same: NDArray[np.float64]
    other: NDArray[np.float64]
    face: NDArray[np.str_]
    voice: NDArray[np.str_]
    answer: NDArray[np.int64]


def load_everybody(prepared: Path) -> tuple[list[SoftRows], list[NDArray[np.bool_]]]:
    """Rows of faces and of voices, of both splits, and which of them were changed."""
    rows, changed = [], []
    for side in SIDES:
        path = prepared / f"{side}.npz"
        rows.append(SoftRows.load(path, "learn").join(SoftRows.load(path, "choose")))
        with np.load(path) as file:
            parts = [file["changed"][file["split"] == split] for split in ("learn", "choose")]
        changed.append(np.concatenate(parts))
    return rows, changed


def part_people(rows: list[SoftRows], folds: int) -> list[set[str]]:
    """Put people into folds at random, those in video and the two values evenly."""
    value = {
        p: float(v) for part in rows for p, v in zip(part.person, part.probability, strict=True)
    }
    both = set(rows[0].person) & set(rows[1].person)
    names = np.random.default_rng(0).permutation(sorted(value))
    ordered = sorted(names, key=lambda name: (name in both, name[0], value[name] > 0.5))
    return [set(ordered[number::folds]) for number in range(folds)]


def judge_fold(
    rows: list[SoftRows],
    changed: list[NDArray[np.bool_]],
    held: set[str],
    before: set[str],
    settings: Mapping[str, Any],
) -> dict[str, Judged]:
    """Judge one fold by heads that know neither it nor the one before, on which the gain is fitted."""
    heads = nn.ModuleList(settings[name].head for name in ENCODERS)
    known = [p.take(~np.isin(p.person, sorted(held | before))) for p in rows]
    fit_heads(heads, known, settings)
    gain = fit_gain(heads, [p.take(np.isin(p.person, sorted(before))) for p in rows])
    calibration = JointCalibration(gain=gain)
    both = set(rows[0].person) & set(rows[1].person)
    found = {}
    for name in ("clean", "changed", "video"):
        chosen = []
        for part, new in zip(rows, changed, strict=True):
            in_video = np.isin(part.person, sorted(both))
            kind = in_video if name == "video" else ~in_video & (new == (name == "changed"))
            chosen.append(part.take(np.isin(part.person, sorted(held)) & kind))
        found[name] = _compare(heads, chosen, calibration, pooled=name == "video")
    return found


@torch.inference_mode()
def _compare(heads, rows, calibration, pooled) -> Judged:
    sides = []
    for head, part in zip(heads, rows, strict=True):
        embedded = normalize(head(part.features), dim=1)
        person, value = part.person, part.probability.numpy() > 0.5
        if pooled:
            people = sorted(set(person))
            means = [embedded[torch.from_numpy(person == p)].mean(dim=0) for p in people]
            embedded, person = normalize(torch.stack(means), dim=1), np.array(people)
        sides.append((embedded, person, value))
    (faces, seen, left), (voices, heard, right) = sides
    cosines = (faces @ voices.T).flatten()
    agree = seen[:, None] == heard[None] if pooled else left[:, None] == right[None]
    decided = [calibration.decide(cosine) for cosine in cosines]
    return Judged(
        calibration.probability(cosines).numpy().astype(np.float64),
        agree.ravel().astype(np.float64),
        (~agree if pooled else np.ones_like(agree)).ravel().astype(np.float64),
        np.repeat(seen, len(heard)),
        np.tile(heard, len(seen)),
        np.array([0 if each is None else 2 * int(each) - 1 for each in decided]),
    )


def join(parts: list[Judged]) -> Judged:
    """Pairs of all folds."""
    return Judged(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def count_errors(pairs: Judged, chosen: NDArray[np.bool_]) -> tuple[float, float]:
    """Share of one person's pairs and of pairs that do not agree which are answered "two people"."""
    ruled_out = pairs.answer < 0
    agree = pairs.same > 0
    return tuple(float(ruled_out[chosen & kind].mean()) for kind in (agree, ~agree))  # type: ignore[return-value]


def find_groups(pairs: Judged, values: Mapping[str, bool], years: Mapping[str, int]) -> dict:
    """Masks of pairs by group."""
    man = np.array([values[p] for p in pairs.face]), np.array([values[p] for p in pairs.voice])
    groups = {
        "everybody": np.ones(len(pairs.face), bool),
        "faces of men": man[0], "faces of women": ~man[0],
        "voices of men": man[1], "voices of women": ~man[1],
    }  # fmt: skip
    if years:
        born = np.array([years.get(p, 0) for p in pairs.face])
        for label, (first, last) in BORN.items():
            groups[f"born {label}"] = (born >= first) & (born < last)
    return groups


def format_bins(bins: list[ReliabilityBin]) -> str:
    """One row for each range of stated probabilities that occurs."""
    rows = [
        [
            f"{b.low:.2f} - {b.high:.2f}",
            f"{100 * b.share:.1f}",
            f"{b.stated:.2f}",
            f"{b.observed:.2f}",
        ]
        for b in bins
        if b.share
    ]
    headers = ("stated probability", "of all pairs, %", "stated, mean", "one person's, share")
    return format_table(headers, rows, markdown=True)


def main() -> None:
    """Run the command."""
    parser = script_parser(__doc__)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--portraits", type=Path, help="for birth years")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows, changed = load_everybody(args.prepared)
    folds = part_people(rows, args.folds)
    judged: dict[str, list[Judged]] = {"clean": [], "changed": [], "video": []}
    for number, held in enumerate(progress(folds, "folds")):
        places = {"prepared_folder": str(args.prepared), "output_folder": ""}
        settings = load_experiment(YAML, places)  # fresh heads
        for name, pairs in judge_fold(rows, changed, held, folds[number - 1], settings).items():
            judged[name].append(pairs)
    values = {
        str(p): bool(v > 0.5)
        for part in rows
        for p, v in zip(part.person, part.probability, strict=True)
    }
    years: dict[str, int] = {}
    if args.portraits:
        portraits = read_table(args.portraits / "manifest.csv", ManifestError, "the portraits")
        years = {Path(row["file"]).stem: int(row["birth_year"]) for row in portraits}
    titles = {
        "video": "Real pairs of people in video",
        "clean": "Portraits and voices of others, clean",
        "changed": "The same, changed as in training (noise, music, telephone, blur)",
    }
    report, parts = {}, []
    for name, title in titles.items():
        pairs = join(judged[name])
        bins = reliability(pairs.probability, pairs.same, pairs.other, EDGES)
        counts = f"{len(set(pairs.face))} faces, {len(set(pairs.voice))} voices, {args.folds} folds"
        parts.append(f"## {title}\n\n{counts}\n\n{format_bins(bins)}")
        report[name] = {"bins": [b._asdict() for b in bins]}
        groups = find_groups(pairs, values, {} if name == "video" else years)
        report[name]["two people"] = {
            group: count_errors(pairs, mask) for group, mask in groups.items() if mask.any()
        }
        table = [
            [group, *(f"{100 * share:.1f}" for share in shares)]
            for group, shares in report[name]["two people"].items()
        ]
        other = "of two people's" if name == "video" else "sexes differ"
        headers = ('answered "two people", %', "of one person's", other)
        parts.append(format_table(headers, table, markdown=True))
    text = "\n\n".join(parts)
    print(text)
    if args.out:
        write_json(args.out / "reliability.json", report)
        write_text(args.out / "reliability.md", text + "\n")


if __name__ == "__main__":
    run_script(main)
