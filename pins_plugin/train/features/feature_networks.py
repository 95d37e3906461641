"""Small networks over recognition embeddings, one per fold of the people, stopped by the people held out."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pins_plugin.data.training.stretches import OneLongRun
from pins_plugin.models.layers.heads import NetworkHead, apply_head
from pins_plugin.train.features.held_out import HeldOut, mean_auc
from pins_plugin.train.features.people_table import PeopleTable
from pins_plugin.train.loop import TrainingBrain, train_steps
from pins_plugin.utils.row_draws import RowsByLabel

Networks = tuple[NetworkHead, NetworkHead]
MOST_ROWS_PER_PERSON = 4


@dataclass(frozen=True)
class NetworkSettings:
    """How networks over recognition embeddings are made and trained.

    Parameters
    ----------
    rows_per_batch : int
        Pairs; up to four of one person, who are never negatives of each other.
    learning_rate, weight_decay : float
        Of AdamW.
    most_steps, steps_per_check : int
        At most, and between two looks at the people held out.
    patience : int
        Looks without a better score before it ends.
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


class Trainee(nn.Module):
    """A network for faces and one for voices, with random numbers of their own.

    Parameters
    ----------
    objective : Module
        ``objective(face_embeddings, voice_embeddings, allowed=...) -> loss``; it is copied.
    seed : int
        Of the weights and the dropout.
    """

    def __init__(
        self, table: PeopleTable, objective: nn.Module, settings: NetworkSettings, seed: int
    ) -> None:
        super().__init__()
        sizes = settings.hidden_dim, settings.embedding_dim, settings.dropout
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.face_network = NetworkHead(table.faces.shape[1], *sizes)
            self.voice_network = NetworkHead(table.voices.shape[1], *sizes)
            self.register_buffer("random_state", torch.get_rng_state())
        self.objective = copy.deepcopy(objective)

    @property
    def networks(self) -> Networks:
        """Both, faces first."""
        return self.face_network, self.voice_network

    def forward(self, faces: Tensor, voices: Tensor, allowed: Tensor) -> Tensor:
        """What is to be minimized on rows of both sides, whatever random numbers are drawn elsewhere meanwhile."""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.random_state.cpu())
            embedded = self.face_network(faces), self.voice_network(voices)
            loss: Tensor = self.objective(*embedded, allowed=allowed)
            self.random_state.copy_(torch.get_rng_state())
        return loss


class NetworkBatches(OneLongRun):
    """For each pair of networks, people of its own, a face and a voice of each.

    Parameters
    ----------
    people : sequence of (num_chosen,) int64 arrays
        Those that each trains on.
    """

    def __init__(
        self,
        table: PeopleTable,
        people: Sequence[NDArray[np.int64]],
        settings: NetworkSettings,
        seeds: Sequence[int],
    ) -> None:
        super().__init__(settings.most_steps, settings.steps_per_check, 0)
        self.people, self.seeds = people, seeds
        self.rows_per_batch = settings.rows_per_batch
        self.rows = torch.from_numpy(table.faces), torch.from_numpy(table.voices)
        self.by_person = RowsByLabel(table.face_people), RowsByLabel(table.voice_people)

    def make_generator(self) -> list[np.random.Generator]:
        """Give the random numbers of each."""
        return [np.random.default_rng([seed, 1]) for seed in self.seeds]

    def draw(self, generator: list[np.random.Generator]) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Draw faces, voices, and which of them are of different people, for each pair of networks."""
        batches = []
        for people, own in zip(self.people, generator, strict=True):
            drawn = self._draw_people(people, own)
            faces, voices = (
                rows[by_person.draw(drawn, own)]
                for rows, by_person in zip(self.rows, self.by_person, strict=True)
            )
            batches.append((faces, voices, torch.from_numpy(drawn[:, None] != drawn[None])))
        return batches

    def _draw_people(
        self, people: NDArray[np.int64], generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Everyone equally often, in random order: (rows_per_batch,), or fewer where people are few."""
        count = min(self.rows_per_batch, MOST_ROWS_PER_PERSON * len(people))
        rounds = [generator.permutation(people) for _ in range(-(-count // len(people)))]
        return np.concatenate(rounds)[:count]


def compare_networks(
    networks: Sequence[Networks], folds: Sequence[HeldOut], valid: HeldOut | None
) -> list[NDArray[np.float32]]:
    """Cosines of the pairs held out, (num_pairs,) each: by each network on its own fold, by all on split valid."""
    found = [_compare(pair, fold) for pair, fold in zip(networks, folds, strict=True)]
    if valid is not None:
        found.append(np.mean([_compare(pair, valid) for pair in networks], axis=0))
    return found


def _compare(networks: Networks, held_out: HeldOut) -> NDArray[np.float32]:
    faces, voices = (
        apply_head(networks[0], held_out.faces),
        apply_head(networks[1], held_out.voices),
    )
    return np.asarray(np.einsum("ij,ij->i", faces, voices))


def train_networks(
    table: PeopleTable,
    folds: Sequence[HeldOut],
    valid: HeldOut | None,
    objective: nn.Module,
    settings: NetworkSettings,
    seed: int = 0,
    **options: Any,
) -> tuple[list[Networks], list[tuple[int, float]]]:
    """Train one pair of networks per fold, all for as many steps as people held out like best.

    Each network leaves another part of the people out, so that together they have seen all of them, while the mean
    of their curves tells when to stop (cross-validated bagging, Breiman 1996).

    Parameters
    ----------
    folds : sequence of HeldOut
        Of the table.
    valid : HeldOut or None
        Other people, whose score counts as well.
    **options
        `quiet`, `run_opts`, `folder` of `run_training`.

    Returns
    -------
    networks : list of pairs of NetworkHead
        In eval mode.
    curve : list of (step, score)
        Mean verification AUC.
    """
    seeds = [1000 * seed + index for index in range(len(folds))]
    trainees = nn.ModuleList(Trainee(table, objective, settings, each) for each in seeds)
    people = [np.flatnonzero(np.asarray(fold.trained_on)) for fold in folds]
    held_out = [*folds, *([] if valid is None else [valid])]

    def loss_of(brain: TrainingBrain, batch: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
        """Sum what each has to minimize on its part; none has weights in common with another."""
        losses = [
            trainee(*(part.to(brain.device) for part in parts))
            for trainee, parts in zip(brain.modules.trainees, batch, strict=True)
        ]
        return torch.stack(losses).sum()

    def score() -> dict[str, float]:
        networks = [trainee.networks for trainee in trainees]
        return {"auc": mean_auc(held_out, compare_networks(networks, folds, valid))}

    history = train_steps(
        loss_of,
        {"trainees": trainees},
        NetworkBatches(table, people, settings, seeds),
        settings.most_steps,
        lambda progress: settings.learning_rate,
        settings.weight_decay,
        patience=settings.patience,
        scorer=score,
        best_by="auc",
        **options,
    )
    trainees.cpu()
    curve = [
        (min(round(entry["epoch"]) * settings.steps_per_check, settings.most_steps), entry["auc"])
        for entry in history
    ]
    return [trainee.networks for trainee in trainees], curve
