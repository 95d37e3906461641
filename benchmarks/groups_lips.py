"""How evenly synchronization and lip reading serve groups of people; `--write` puts it into the models' cards.

  python recipes/Sync/simulate.py simulated --people 300 --seed 11
  python benchmarks/groups_lips.py simulated --real clips/real --people p35 p36 p40 p41 p42 --write

Of the simulated people those of simulated/valid and simulated/test count, who are in no training: offsets right within one frame, and words
read off their lips by a reader that is trained as `lip_reader` is (the frozen lip encoder of `sync`, a new back end), on
the 25 words of simulated/train; the vocabulary of `lip_reader` itself is one real person's. By gender and age as simulate.py
wrote them; of real people, whose gender and age are not recorded, each by name.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from pins_plugin.data.corpora.words import vocabulary
from pins_plugin.data.training.sync_clips import SyncClip, load_sync_clip
from pins_plugin.evaluation.groups import FEWEST_PEOPLE
from pins_plugin.evaluation.synchronization import accuracy_by_person, offset_accuracy
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.models.folder.model_folder import resolve_source
from pins_plugin.models.lips.lip_reader import WordClassifier
from pins_plugin.report.model_card import write_measured
from pins_plugin.report.tables import format_table, share_cell
from pins_plugin.train.lips.lip_reading import load_spoken, train_lip_reader, word_accuracy
from pins_plugin.utils.seeding import seed_everything

LENGTHS = (5, 15, 25, 50)
UNSEEN = ("valid", "test")
Numbers = Mapping[str, float]  # of person


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("simulated", type=Path, help="folder of recipes/Sync/simulate.py")
    parser.add_argument("--real", type=Path, help="folder of recipes/Sync/prepare.py")
    parser.add_argument("--people", nargs="+", help="real people who are in no training")
    parser.add_argument("--steps", type=int, default=300, help="of the reader")
    parser.add_argument(
        "--models", nargs="+", choices=("sync", "lip_reader"), default=["sync", "lip_reader"]
    )
    parser.add_argument("--write", action="store_true", help="into the cards of the models")
    args = parser.parse_args()
    synchronizer = Synchronizer.from_hparams("sync")
    describe = {
        "sync": lambda: describe_sync(synchronizer, args.simulated, args.real, args.people),
        "lip_reader": lambda: describe_reader(synchronizer.lip_encoder, args.simulated, args.steps),
    }
    for name in args.models:
        section = describe[name]()
        print(f"{name}\n\n{section}\n")
        if args.write:
            write_measured(resolve_source(name), section)


def describe_sync(
    synchronizer: Synchronizer, simulated: Path, real: Path | None, people: Sequence[str] | None
) -> str:
    """Section of the synchronizer's card."""
    clips = [load_sync_clip(path) for name in UNSEEN for path in sorted((simulated / name).glob("*.npz"))]  # fmt: skip
    found = offsets_right(synchronizer, clips)
    headers = ("offsets right, %, 95 % interval", "people", *(f"{length} frames" for length in LENGTHS[:3]))  # fmt: skip
    rows = group_rows([found[length] for length in LENGTHS[:3]], read_groups(simulated))
    text = (
        f"{about(len(found[5]))} Windows of so many frames, offsets of +-15 frames, chance 9.7.\n\n"
        f"{format_table(headers, rows, markdown=True)}"
    )
    if real is not None:
        clips = [load_sync_clip(path) for path in sorted(real.rglob("*.npz"))]
        clips = [clip for clip in clips if not people or clip.person in people]
        found = offsets_right(synchronizer, clips)
        rows = [
            [person, *(f"{100 * found[length][person]:.1f}" if person in found[length] else "-" for length in LENGTHS[1:])]
            for person in found[5]
        ]  # fmt: skip
        headers = ("real person", *(f"{length} frames" for length in LENGTHS[1:]))
        text += (
            "\n\nReal people who are in no training, one clip each; windows of a clip overlap, so a person's number is rough.\n\n"
            f"{format_table(headers, rows, markdown=True)}"
        )
    return text


@torch.inference_mode()
def offsets_right(
    synchronizer: Synchronizer, clips: Sequence[SyncClip]
) -> dict[int, dict[str, float]]:
    """Share of right windows by length and person."""
    found = accuracy_by_person(
        (
            (
                clip.person,
                synchronizer.lip_encoder(torch.from_numpy(clip.lips)[None])[0],
                synchronizer.sound_encoder(torch.from_numpy(clip.waveform)[None])[0],
            )
            for clip in clips
        ),
        lambda lips, sound: offset_accuracy(lips, sound, LENGTHS, stride=2),
    )
    return {
        length: {person: part[length][0] for person, part in found.items() if length in part}
        for length in LENGTHS
    }


def describe_reader(lip_encoder: torch.nn.Module, simulated: Path, steps: int) -> str:
    """Section of the lip reader's card."""
    lips, words = load_spoken(simulated, simulated / "words.csv")
    known = vocabulary(words)
    seed_everything(0)
    classifier = WordClassifier(lip_encoder.inner_dim, len(known), dropout=0.3)
    train = [word for word in words if word.split == "train"]
    test = [word for word in words if word.split in UNSEEN]
    train_lip_reader(lips, train, known, lip_encoder, classifier, num_steps=steps, quiet=True)
    right = word_accuracy(lips, test, known, lip_encoder, classifier).numpy()
    # one clip for each simulated person, whose name ends as the clip's does
    people = np.array([f"p{word.clip.rsplit('_', 1)[1]}" for word in test])
    found = {person: float(right[people == person].mean()) for person in sorted(set(people))}
    headers = ("words right, %, 95 % interval", "people", "top-1")
    return (
        f"{about(len(found))} A reader trained as this one, on the {len(known)} words of {len({w.clip for w in train})} simulated people; "
        f"chance {100 / len(known):.0f}. Of real people one only was at hand.\n\n"
        f"{format_table(headers, group_rows([found], read_groups(simulated)), markdown=True)}"
    )


def about(num_people: int) -> str:
    """Open a section."""
    return (
        f"## Measured by group\n\n{num_people} simulated people who are in no training (nothing is said of real ones), groups of "
        f"{FEWEST_PEOPLE} or more. Written by `python benchmarks/groups_lips.py SIMULATED --real CLIPS --write`."
    )


def read_groups(simulated: Path) -> dict[str, list[str]]:
    """People of each group, everybody first."""
    groups: dict[str, list[str]] = {"everybody": []}
    with (simulated / "people.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            decade = int(row["age"]) // 20 * 20
            for name in ("everybody", f"gender: {row['gender']}", f"age: {decade} - {decade + 19}"):
                groups.setdefault(name, []).append(row["person"])
    return dict(sorted(groups.items(), key=lambda item: (item[0] != "everybody", item[0])))


def group_rows(columns: Sequence[Numbers], groups: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """One row for each group that is large enough: mean over its people, with a bootstrap interval."""
    rows = []
    for name, members in groups.items():
        inside = [[numbers[person] for person in members if person in numbers] for numbers in columns]  # fmt: skip
        if min(map(len, inside)) < FEWEST_PEOPLE:
            continue
        rows.append([name, str(len(inside[0])), *map(share_cell, inside)])
    return rows


if __name__ == "__main__":
    main()
