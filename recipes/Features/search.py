"""Compare objectives, miners and closed forms on simulated recognition embeddings; writes results.md and results.json.

  python recipes/Features/search.py                      # the whole table
  python recipes/Features/search.py --people 150 --seeds 0 --out /tmp/quick

Each simulated data set has its own people, strength of sessions and noise, and bend. Every method sees the same training people;
"best" is scored at the step that people held out prefer, "last" after all steps.
"""

import argparse
import copy
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pins_plugin.data.features import FeatureRows
from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.losses.within_modality import WithinModalitySeparationLoss
from pins_plugin.metrics.verification import eer, roc_auc
from pins_plugin.miners.curriculum import CurriculumMiner
from pins_plugin.miners.hardest import HardestMiner
from pins_plugin.miners.random import RandomMiner
from pins_plugin.miners.schedule import HardnessSchedule
from pins_plugin.miners.semi_hard import SemiHardMiner
from pins_plugin.models.heads import apply_head
from pins_plugin.report.tables import format_table
from pins_plugin.simulation.features import FeatureSettings, SimulatedFeatures, simulate_features
from pins_plugin.train.features import choose_head, fit_heads
from pins_plugin.train.head_choice import HeadSettings, build_heads, draw_pairs
from pins_plugin.train.people_table import PeopleTable, make_table
from pins_plugin.train.refine import RefineSettings
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_json, write_text

HELD_OUT = 80
TEST = 200
VARIATIONS = (
    {},
    {"session": 0.9, "noise": 0.8},
    {"nonlinearity": 1.5, "shared": 0.8},
)
Heads = tuple[nn.Module, nn.Module]
Splits = dict[str, tuple[FeatureRows, FeatureRows]]
Scores = dict[str, float]


def simulate(num_people: int, seed: int) -> tuple[Splits, dict[str, str]]:
    """Draw a data set: rows of each split, and everybody's gender."""
    settings = FeatureSettings(
        num_identities=num_people + HELD_OUT + TEST,
        videos_per_identity=(3, 10),
        clips_per_video=(1, 4),
        **VARIATIONS[seed % len(VARIATIONS)],
    )
    features = simulate_features(settings, seed)
    people = np.unique(features.identity)
    bounds = {"train": (0, num_people), "valid": (num_people, num_people + HELD_OUT)}
    bounds["test"] = (num_people + HELD_OUT, len(people))
    splits = {
        name: rows_of(features, np.isin(features.identity, people[low:high]))
        for name, (low, high) in bounds.items()
    }
    return splits, dict(zip(features.identity.tolist(), features.gender.tolist(), strict=True))


def rows_of(features: SimulatedFeatures, kept: np.ndarray) -> tuple[FeatureRows, FeatureRows]:
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
    """Verification on one split, always the same pairs."""

    def __init__(self, rows: tuple[FeatureRows, FeatureRows], gender: dict[str, str]) -> None:
        self.table = make_table(*rows, supervised=True)
        people = self.table.face_people, self.table.voice_people
        self.pairs = draw_pairs(*people, 10_000, np.random.default_rng(0))
        genders = np.array([gender[name] for name in np.unique(rows[0].identities)])
        self.alike = genders[people[0][self.pairs.faces]] == genders[people[1][self.pairs.voices]]

    def __call__(self, heads: Heads) -> Scores:
        """Score two heads."""
        faces = apply_head(heads[0], self.table.faces)
        voices = apply_head(heads[1], self.table.voices)
        similarities = np.einsum("ij,ij->i", faces[self.pairs.faces], voices[self.pairs.voices])
        same, alike = self.pairs.same, self.alike
        return {
            "auc": float(roc_auc(similarities, same)),
            "eer": float(eer(similarities, same)),
            "auc_same_gender": float(roc_auc(similarities[alike], same[alike])),
        }


def mlp(dim: int, hidden: int = 256, out: int = 128, dropout: float = 0.5) -> nn.Module:
    """A head as published code has it."""
    return nn.Sequential(
        nn.Linear(dim, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, out),
        UnitLength(),
    )


class UnitLength(nn.Module):
    """Divides the length out."""

    def forward(self, embeddings: Tensor) -> Tensor:
        """Normalize (batch, dim)."""
        return nn.functional.normalize(embeddings, dim=1)


class IdentitySoftmax(nn.Module):
    """Classify faces and voices by one matrix of identities (as SBNet and Wen et al. do): needs labels."""

    def __init__(self, num_people: int, dim: int = 128, scale: float = 16.0) -> None:
        super().__init__()
        self.prototypes = nn.Parameter(torch.randn(num_people, dim))
        self.scale = scale

    def forward(self, faces: Tensor, voices: Tensor, people: Tensor) -> Tensor:
        """Cross-entropy of both modalities."""
        prototypes = nn.functional.normalize(self.prototypes, dim=1)
        return sum(
            nn.functional.cross_entropy(self.scale * part @ prototypes.T, people)
            for part in (faces, voices)
        )


def train_from_scratch(
    splits: Splits,
    judges: dict[str, Judge],
    objective: Callable[[Tensor, Tensor, int, Tensor], Tensor],
    parameters: list[nn.Parameter],
    head: Callable[[int], nn.Module] = mlp,
    by_person: bool = False,
    num_steps: int = 150,
    batch: int = 256,
) -> tuple[Scores, Scores]:
    """Train two heads by gradient; test scores at the best step of the people held out, and at the end.

    Batches are random clips (several of one person may meet), or with `by_person` one clip of each person drawn.
    """
    faces, voices = splits["train"]
    people = torch.from_numpy(np.unique(faces.identities, return_inverse=True)[1])
    rows = [torch.from_numpy(part.embeddings) for part in (faces, voices)]
    heads = (head(rows[0].shape[1]), head(rows[1].shape[1]))
    trained = [*heads[0].parameters(), *heads[1].parameters(), *parameters]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01)
    best, best_heads = -1.0, heads
    for step in range(num_steps + 1):
        if step % 25 == 0:
            current = tuple(copy.deepcopy(part).eval() for part in heads)
            found = judges["valid"](current)["auc"]
            if found > best:
                best, best_heads = found, current
        order = torch.randperm(len(people))
        if by_person:
            order = order[np.unique(people[order], return_index=True)[1]]
            order = order[torch.randperm(len(order))]
        chosen = order[:batch]
        embeddings = [part(values[chosen]) for part, values in zip(heads, rows, strict=True)]
        loss = objective(*embeddings, step, people[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    last = tuple(copy.deepcopy(part).eval() for part in heads)
    return judges["test"](best_heads), judges["test"](last)


def gradient_methods(num_people: int) -> dict[str, dict]:
    """Objectives for heads that are trained from scratch."""
    schedule = HardnessSchedule(start=0.3, step=0.1, cap=0.8, period=40)

    def contrastive(miner: object) -> dict:
        loss = MinedContrastiveLoss(ContrastiveLoss(1.2), miner)
        return {"objective": lambda f, v, step, _: loss(f, v, schedule(step)), "parameters": []}

    def plain(loss: nn.Module, **more: object) -> dict:
        parameters = list(loss.parameters())
        return {"objective": lambda f, v, _s, _p: loss(f, v), "parameters": parameters, **more}

    softmax = IdentitySoftmax(num_people)
    linear = {"head": lambda dim: nn.Sequential(nn.Linear(dim, 64, bias=False), UnitLength())}
    return {
        "identity softmax (labels used)": {
            "objective": lambda f, v, _, people: softmax(f, v, people),
            "parameters": list(softmax.parameters()),
        },
        "contrastive, random": contrastive(RandomMiner()),
        "contrastive, hardest": contrastive(HardestMiner()),
        "contrastive, semi-hard": contrastive(SemiHardMiner()),
        "contrastive, curriculum": contrastive(CurriculumMiner("one")),
        "contrastive, easier fraction": contrastive(CurriculumMiner("fraction")),
        "matching": plain(MultiwayMatchingLoss()),
        "matching, scale 5": plain(MultiwayMatchingLoss(5.0, learnable=False)),
        "matching, one clip per person": plain(MultiwayMatchingLoss(), by_person=True),
        "matching + separation": plain(WithinModalitySeparationLoss(weight=0.3)),
        "matching, linear head": plain(MultiwayMatchingLoss(5.0, learnable=False), **linear),
    }


def alone(table: PeopleTable) -> PeopleTable:
    """The same table with every video as its own person."""
    return PeopleTable(
        table.faces,
        table.voices,
        table.face_videos,
        table.voice_videos,
        table.face_videos,
        table.voice_videos,
    )


def closed_forms(splits: Splits, judge: Judge) -> dict[str, Scores]:
    """Scores of the closed forms, chosen and not."""
    table = make_table(*splits["train"])
    fixed = {
        "canonical correlation, hardly shrunk": HeadSettings(0.02, 1.0, 32, 1.0, 0.0),
        "partial least squares": HeadSettings(0.0, 0.0, 16, 1.0, 0.0),
        "shrinkage 0.5, 8 directions": HeadSettings(0.5, 1.0, 8, 2.0, 0.0),
        "shrinkage 0.5, 8 directions, squashed": HeadSettings(0.5, 1.0, 8, 2.0, 2.0),
    }
    found = {name: judge(build_heads(table, settings)) for name, settings in fixed.items()}
    chosen, _ = choose_head(table, quiet=True)
    found["chosen by cross-validation"] = judge(build_heads(table, chosen))
    by_video = build_heads(alone(table), chosen)
    found["the same, videos not grouped by person"] = judge(by_video)
    for name, people in (
        ("the default", table),
        ("the default, supervised", make_table(*splits["train"], supervised=True)),
    ):
        heads, _ = fit_heads(
            people,
            splits["valid"],
            chosen,
            MultiwayMatchingLoss(10.0, learnable=False),
            RefineSettings(),
            quiet=True,
        )
        found[name] = judge(heads)
    return found


def interval(values: list[float]) -> str:
    """Mean over data sets and its 95 % interval (normal approximation; none for one data set)."""
    if len(values) < 2:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ± {1.96 * np.std(values, ddof=1) / np.sqrt(len(values)):.3f}"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, nargs="+", default=[150, 600])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    args = parser.parse_args()
    started, results = time.perf_counter(), {}
    for seed in args.seeds:
        for num_people in args.people:
            splits, gender = simulate(num_people, seed)
            torch.manual_seed(seed)
            judges = {name: Judge(splits[name], gender) for name in ("valid", "test")}
            found = closed_forms(splits, judges["test"])
            for name, method in gradient_methods(num_people).items():
                best, last = train_from_scratch(splits, judges, num_steps=args.steps, **method)
                found[f"{name}: best"], found[f"{name}: last"] = best, last
            for name, scores in found.items():
                results.setdefault(name, {}).setdefault(str(num_people), {})[str(seed)] = scores
            seconds = time.perf_counter() - started
            print(f"data set {seed}, {num_people} people: {seconds:.0f} s", flush=True)
            write_json(args.out / "results.json", results)
            write_text(args.out / "results.md", format_results(results))
    print(format_results(results))


def format_results(results: dict[str, dict[str, dict[str, Scores]]]) -> str:
    """Lay scores (method, number of people, data set) out as a page."""
    sizes = list(next(iter(results.values())))
    headers, rows = ["method"], []
    for size in sizes:
        headers += [f"AUC, {size} people", "EER", "AUC, same gender"]
    for name, by_size in results.items():
        cells = [
            interval([scores[key] for scores in by_size[size].values()])
            for size in sizes
            for key in ("auc", "eer", "auc_same_gender")
        ]
        rows.append([name, *cells])
    counts = ", ".join(f"{len(results['the default'][size])} with {size} people" for size in sizes)
    return (
        "# Simulated recognition embeddings: what was tried\n\n"
        f"Made by `python recipes/Features/search.py`. Data sets: {counts}; {TEST} other people for the test, {HELD_OUT} to stop by. "
        "Mean and 95 % interval over data sets. Chance: AUC 0.5, EER 0.5.\n\n"
        + format_table(headers, rows, markdown=True)
        + "\n"
    )


if __name__ == "__main__":
    main()
