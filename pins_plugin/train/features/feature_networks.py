"""Small networks over recognition embeddings, one per fold of the people, stopped by the people held out."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.miners.schedule import HardnessSchedule
from pins_plugin.models.layers.heads import NetworkHead, apply_head
from pins_plugin.train.features.held_out import HeldOut, RowsByPerson, mean_auc
from pins_plugin.train.features.people_table import PeopleTable
from pins_plugin.utils.progress import progress

Networks = tuple[NetworkHead, NetworkHead]
MOST_ROWS_PER_PERSON = 4


@dataclass(frozen=True)
class NetworkSettings:
    """How networks over recognition embeddings are made and trained.

    Parameters
    ----------
    hidden_dim, embedding_dim : int
    dropout : float
    rows_per_batch : int
        Pairs; up to four of one person, who are never negatives of each other.
    learning_rate, weight_decay : float
        Of AdamW.
    most_steps, steps_per_check : int
        At most, and between two looks at the people held out.
    patience : int
        Looks without a better score before it ends.
    hardness : HardnessSchedule
        Of a curriculum, by the step.
    """

    hidden_dim: int = 256
    embedding_dim: int = 32
    dropout: float = 0.5
    rows_per_batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    most_steps: int = 300
    steps_per_check: int = 25
    patience: int = 3
    hardness: HardnessSchedule = field(default_factory=lambda: HardnessSchedule(period=40))


class NetworkTrainer:
    """Trains a network for faces and one for voices on some people of a table.

    Parameters
    ----------
    table : PeopleTable
    people : (num_chosen,) int64 array
        Those to train on.
    objective : Module
        ``objective(face_embeddings, voice_embeddings, allowed=...) -> loss``; it is copied.
    settings : NetworkSettings
    seed : int
        Of the weights, the dropout and the batches.
    """

    def __init__(
        self,
        table: PeopleTable,
        people: NDArray[np.int64],
        objective: nn.Module,
        settings: NetworkSettings,
        seed: int,
    ) -> None:
        self.people, self.settings = people, settings
        self.rows = torch.from_numpy(table.faces), torch.from_numpy(table.voices)
        self.by_person = RowsByPerson(table.face_people), RowsByPerson(table.voice_people)
        self.generator = np.random.default_rng([seed, 1])
        self.num_steps = 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.networks: Networks = tuple(  # type: ignore[assignment]
                NetworkHead(
                    rows.shape[1], settings.hidden_dim, settings.embedding_dim, settings.dropout
                )
                for rows in (table.faces, table.voices)
            )
            self.random_state = torch.get_rng_state()
        self.objective = copy.deepcopy(objective)
        parameters = [*self.networks[0].parameters(), *self.networks[1].parameters()]
        self.optimizer = torch.optim.AdamW(
            [*parameters, *(p for p in self.objective.parameters() if p.requires_grad)],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )

    def advance(self, num_steps: int) -> None:
        """Take some steps."""
        for network in self.networks:
            network.train()
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.random_state)
            for _ in range(num_steps):
                self._step()
            self.random_state = torch.get_rng_state()
        for network in self.networks:
            network.eval()

    def _step(self) -> None:
        people = self._draw_people()
        embeddings = [
            network(rows[by_person.draw(people, self.generator)])
            for network, rows, by_person in zip(
                self.networks, self.rows, self.by_person, strict=True
            )
        ]
        allowed = torch.from_numpy(people[:, None] != people[None])  # (batch, batch)
        loss = self._loss(embeddings[0], embeddings[1], allowed)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.num_steps += 1

    def _draw_people(self) -> NDArray[np.int64]:
        """Everyone equally often, in random order: (rows_per_batch,), or fewer where people are few."""
        count = min(self.settings.rows_per_batch, MOST_ROWS_PER_PERSON * len(self.people))
        rounds = [
            self.generator.permutation(self.people) for _ in range(-(-count // len(self.people)))
        ]
        return np.concatenate(rounds)[:count]

    def _loss(self, faces: Tensor, voices: Tensor, allowed: Tensor) -> Tensor:
        if isinstance(self.objective, MinedContrastiveLoss):
            hardness = self.settings.hardness(self.num_steps)
            return self.objective(faces, voices, hardness=hardness, allowed=allowed)
        loss: Tensor = self.objective(faces, voices, allowed=allowed)
        return loss


def compare(networks: Networks, held_out: HeldOut) -> NDArray[np.float32]:
    """Cosine of each pair held out: (num_pairs,)."""
    faces = apply_head(networks[0], held_out.faces)
    voices = apply_head(networks[1], held_out.voices)
    return np.asarray(np.einsum("ij,ij->i", faces, voices))


def train_networks(
    table: PeopleTable,
    folds: Sequence[HeldOut],
    valid: HeldOut | None,
    objective: nn.Module,
    settings: NetworkSettings,
    seed: int = 0,
    quiet: bool = False,
) -> tuple[list[Networks], list[tuple[int, float]]]:
    """Train one pair of networks per fold, all for as many steps as people held out like best.

    Each network leaves another part of the people out, so that together they have seen all of them, while the mean
    of their curves tells when to stop (cross-validated bagging, Breiman 1996).

    Parameters
    ----------
    table : PeopleTable
    folds : sequence of HeldOut
        Of the table.
    valid : HeldOut or None
        Other people, whose score counts as well.
    objective : Module
    settings : NetworkSettings
    seed : int
    quiet : bool

    Returns
    -------
    networks : list of pairs of NetworkHead
        In eval mode.
    curve : list of (step, score)
        Mean verification AUC.
    """
    trainers = [
        NetworkTrainer(
            table, np.flatnonzero(_people_of(fold)), objective, settings, 1000 * seed + index
        )
        for index, fold in enumerate(folds)
    ]
    curve: list[tuple[int, float]] = []
    best = [copy.deepcopy(trainer.networks) for trainer in trainers]
    checks = range(settings.steps_per_check, settings.most_steps + 1, settings.steps_per_check)
    for step in progress(checks, "training networks", quiet=quiet):
        for trainer in trainers:
            trainer.advance(settings.steps_per_check)
        networks = [trainer.networks for trainer in trainers]
        score = score_networks(networks, folds, valid)
        if score > max((value for _, value in curve), default=-1.0):
            best = copy.deepcopy(networks)
        curve.append((step, score))
        scores = [value for _, value in curve]
        if len(scores) - 1 - scores.index(max(scores)) >= settings.patience:
            break
    return best, curve


def score_networks(
    networks: Sequence[Networks], folds: Sequence[HeldOut], valid: HeldOut | None
) -> float:
    """Score each network on its own fold, and their mean on split valid."""
    parts, similarities = list(folds), []
    similarities += [compare(pair, fold) for pair, fold in zip(networks, folds, strict=True)]
    if valid is not None:
        parts.append(valid)
        similarities.append(np.mean([compare(pair, valid) for pair in networks], axis=0))
    return mean_auc(parts, similarities)


def _people_of(fold: HeldOut) -> NDArray[np.bool_]:
    if fold.trained_on is None:
        raise ValueError("a fold says whom to train on")
    return fold.trained_on
