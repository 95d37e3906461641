"""Pairs of people held out: what a head is judged by while it is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pins_plugin.metrics.verification import roc_auc
from pins_plugin.train.features.people_table import PeopleTable
from pins_plugin.train.features.same_people import Floats, Labels
from pins_plugin.utils.row_draws import RowsByLabel

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Faces and voices of people held out, in pairs of the same person and of two.

    Parameters
    ----------
    faces, voices : (num_pairs, dim) float32 array
    same : (num_pairs,) bool array
    weight : float
        How many people stand behind it.
    trained_on : (num_people,) bool array or None
        People of the training table that are left to train on; None for all.
    """

    faces: Floats
    voices: Floats
    same: Mask
    weight: float
    trained_on: Mask | None = None

    @classmethod
    def from_table(
        cls,
        table: PeopleTable,
        people: Mask,
        num_pairs: int,
        generator: np.random.Generator,
        trained_on: Mask | None = None,
        weight: float = 1.0,
    ) -> "HeldOut":
        """Draw `num_pairs` of each kind among `people` (num_people,) of a table."""
        drawn = draw_pairs(table, np.flatnonzero(people), num_pairs, generator)
        return cls(
            table.faces[drawn[0]],
            table.voices[drawn[1]],
            drawn[2],
            weight * float(people.sum()),
            trained_on,
        )


def draw_pairs(
    table: PeopleTable, people: Labels, num_pairs: int, generator: np.random.Generator
) -> tuple[Labels, Labels, Mask]:
    """Draw faces with a voice of the same person, and with one of another; everyone as often.

    Parameters
    ----------
    people : (num_drawn,) int64 array
        Two or more.
    num_pairs : int
        Of each kind.

    Returns
    -------
    faces, voices : (2 * num_pairs,) int64 array
        Rows of the table.
    same : (2 * num_pairs,) bool array
    """
    first = generator.integers(0, len(people), num_pairs)
    other = (first + generator.integers(1, len(people), num_pairs)) % len(people)
    seen = people[np.concatenate([first, first])]
    heard = people[np.concatenate([first, other])]
    faces = RowsByLabel(table.face_people).draw(seen, generator)
    return faces, RowsByLabel(table.voice_people).draw(heard, generator), seen == heard


def draw_folds(
    table: PeopleTable, num_folds: int, num_repeats: int, num_pairs: int, seed: int
) -> list[HeldOut]:
    """Deal the people out into folds, several times over; each fold is held out once.

    Returns
    -------
    folds : list of HeldOut
        `num_folds * num_repeats`.
    """
    folds = []
    for repeat in range(num_repeats):
        generator = np.random.default_rng([seed, repeat])
        fold = generator.permutation(table.num_people) % num_folds
        folds += [
            HeldOut.from_table(
                table, fold == index, num_pairs, generator, fold != index, 1 / num_repeats
            )
            for index in range(num_folds)
        ]
    return folds


def mean_auc(held_out: Sequence[HeldOut], similarities: Sequence[NDArray]) -> float:
    """Average the verification AUC of similarities (num_pairs,) over parts held out, by their weights; chance is 0.5."""
    scores = [roc_auc(s, part.same) for part, s in zip(held_out, similarities, strict=True)]
    return float(np.average(scores, weights=[part.weight for part in held_out]))
