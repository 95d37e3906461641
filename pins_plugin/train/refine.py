"""A small network on top of the closed form, stopped as soon as people held out stop to profit."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from pins_plugin.models.heads import FeatureHead
from pins_plugin.train.canonical import Moments
from pins_plugin.train.head_choice import Pairs, score_pairs
from pins_plugin.train.people_table import PeopleTable
from pins_plugin.utils.progress import progress

Heads = tuple[FeatureHead, FeatureHead]


@dataclass(frozen=True)
class RefineSettings:
    """How the networks of two heads are trained.

    Parameters
    ----------
    num_steps : int
        At most; 0 keeps the closed form.
    people_per_batch : int
        Each step compares one face and one voice of that many different people.
    learning_rate, weight_decay : float
        Of AdamW.
    steps_per_check : int
        Steps between two looks at the people held out.
    patience : int
        Looks without a better score before it ends.
    least_gain : float
        Score that the network must add to be kept.
    """

    num_steps: int = 300
    people_per_batch: int = 512
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    steps_per_check: int = 20
    patience: int = 5
    least_gain: float = 0.001


@dataclass(frozen=True)
class HeldOut:
    """People that training does not see.

    Parameters
    ----------
    faces, voices : (num_rows, dim) float32 array
    pairs : Pairs
        Of those rows.
    """

    faces: np.ndarray
    voices: np.ndarray
    pairs: Pairs

    @torch.no_grad()
    def similarities(self, heads: Heads) -> np.ndarray:
        """Cosine of each pair: (num_pairs,)."""
        faces, voices = (
            head(torch.from_numpy(rows)).double().numpy()
            for head, rows in zip(heads, (self.faces, self.voices), strict=True)
        )
        return np.einsum("ij,ij->i", faces[self.pairs.faces], voices[self.pairs.voices])

    @torch.no_grad()
    def hard(self, heads: Heads) -> np.ndarray:
        """Pairs on the same side of the strongest direction: (num_pairs,) bool."""
        sides = [
            head.directions(normalize(torch.from_numpy(rows), dim=1) - head.mean)[:, 0].numpy() > 0
            for head, rows in zip(heads, (self.faces, self.voices), strict=True)
        ]
        return sides[0][self.pairs.faces] == sides[1][self.pairs.voices]


def refine_heads(
    heads: Heads,
    table: PeopleTable,
    held_out: HeldOut | None,
    objective: nn.Module,
    settings: RefineSettings,
    seed: int = 0,
    quiet: bool = False,
) -> tuple[Heads, list[tuple[int, float]]]:
    """Train the networks of two heads.

    Parameters
    ----------
    heads : pair of FeatureHead
        With a network; they stay as they are.
    table : PeopleTable
    held_out : HeldOut or None
        Decides when to stop, and whether the network is kept; without it all steps are taken.
    objective : Module
        ``objective(face_embeddings, voice_embeddings) -> loss``; its own parameters are trained too.
    settings : RefineSettings
    seed : int
    quiet : bool

    Returns
    -------
    heads : pair of FeatureHead
        The best seen, in eval mode; without network where that did not help.
    curve : list of (step, score)
        Score on the people held out.
    """
    trained = copy.deepcopy(heads)
    rows = [torch.from_numpy(table.faces), torch.from_numpy(table.voices)]
    people = [_RowsByPerson(table.face_people), _RowsByPerson(table.voice_people)]
    watch = _Watch(heads, held_out, settings)
    with torch.random.fork_rng(devices=[]):  # fresh networks, dropout and batches
        torch.manual_seed(seed)
        for head, means in zip(trained, table.person_means(), strict=True):
            _start_network(head, means)
        optimizer = torch.optim.AdamW(
            [*_network_parameters(trained), *objective.parameters()],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        for step in progress(range(settings.num_steps), "refining", quiet=quiet):
            if step % settings.steps_per_check == 0 and watch.has_seen_enough(step, trained):
                break
            for head in trained:
                head.train()
            chosen = torch.randperm(table.num_people)[: settings.people_per_batch]
            embeddings = [
                head(values[index.draw(chosen)])
                for head, values, index in zip(trained, rows, people, strict=True)
            ]
            loss = objective(*embeddings)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        else:
            watch.has_seen_enough(settings.num_steps, trained)
    best = trained if held_out is None else watch.best
    for head in best:
        head.eval()
    return best, watch.curve


class _Watch:
    """Scores the heads on people held out and remembers the best."""

    def __init__(self, heads: Heads, held_out: HeldOut | None, settings: RefineSettings) -> None:
        self.best, self.held_out, self.settings = heads, held_out, settings
        self.hard = held_out.hard(heads) if held_out is not None else None
        self.curve: list[tuple[int, float]] = []

    def has_seen_enough(self, step: int, heads: Heads) -> bool:
        """Look once more; True where the last looks brought nothing better."""
        if self.held_out is None or self.hard is None:
            return False
        current = copy.deepcopy(heads)
        for head in current:
            head.eval()
        score = score_pairs(
            self.held_out.similarities(current), self.held_out.pairs.same, self.hard
        )
        past = [value for _, value in self.curve]
        if past and score > max(past[0] + self.settings.least_gain, *past[1:], -1.0):
            self.best = current
        self.curve.append((step, score))
        scores = [*past, score]
        return len(scores) - 1 - scores.index(max(scores)) >= self.settings.patience


class _RowsByPerson:
    """Draws one row of each wanted person."""

    def __init__(self, people: np.ndarray) -> None:
        labels = torch.from_numpy(people)
        self.order = labels.argsort(stable=True)
        self.counts = torch.bincount(labels)
        self.starts = self.counts.cumsum(0) - self.counts

    def draw(self, people: Tensor) -> Tensor:
        offset = torch.rand(len(people)) * self.counts[people]
        return self.order[self.starts[people] + offset.long()]


def _network_parameters(heads: Heads) -> list[nn.Parameter]:
    """What is trained of the heads: their closed form stays."""
    networks = [head.network for head in heads if head.network is not None]
    return [p for network in networks for p in network.parameters() if p.requires_grad]


@torch.no_grad()
def _start_network(head: FeatureHead, means: np.ndarray) -> None:
    """Draw a network anew; even out the variances of its input, to about unit length."""
    head.restart_network()
    if head.network is None:
        return
    moments = Moments.of(means, np.full(len(means), 1 / len(means)))
    matrix = moments.whitening(shrinkage=0.5, power=1.0)
    spread = matrix @ (moments.axes * moments.variances) @ moments.axes.T @ matrix
    head.network[0].weight.copy_(torch.from_numpy(matrix / np.sqrt(np.trace(spread))))
