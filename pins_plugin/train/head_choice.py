"""Which closed-form head to take: every candidate is scored on people that were held out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.metrics.verification import roc_auc
from pins_plugin.models.heads import FeatureHead
from pins_plugin.train.canonical import CanonicalDirections, Moments, find_directions
from pins_plugin.train.people_table import PeopleTable
from pins_plugin.utils.progress import progress

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

WHITENINGS = ((0.2, 1.0), (0.5, 1.0), (0.8, 1.0), (0.0, 0.25), (0.0, 0.5), (0.0, 0.75), (0.1, 0.5))
NUM_DIRECTIONS = (4, 8, 16, 32)
EXPONENTS = (0.5, 1.0, 2.0)
SATURATIONS = (0.0, 1.0, 2.0)
HARD_WEIGHT = 0.5
MOST_ROWS = 5_000


@dataclass(frozen=True)
class HeadSettings:
    """What the closed form leaves open.

    Parameters
    ----------
    shrinkage, power : float
        Of the whitening, see `Moments.whitening`.
    num_directions : int
        Directions kept.
    exponent : float
        Direction k is weighted by strength_k ** exponent.
    saturation : float
        Slope at which the first direction (gender, as a rule) is squashed by tanh; 0 leaves it linear.
    """

    shrinkage: float
    power: float
    num_directions: int
    exponent: float
    saturation: float


@dataclass(frozen=True)
class Pairs:
    """Faces and voices to be told apart as same or different people.

    Parameters
    ----------
    faces, voices : (num_pairs,) int64 array
        Row indices.
    same : (num_pairs,) bool array
    """

    faces: Indices
    voices: Indices
    same: NDArray[np.bool_]


def draw_pairs(
    face_people: Indices, voice_people: Indices, num_pairs: int, generator: np.random.Generator
) -> Pairs:
    """Draw faces with a voice of the same person, and with one of another.

    Parameters
    ----------
    face_people, voice_people : (num_rows,) int64 array
        Class indices; everyone among the faces is among the voices.
    num_pairs : int
        Of each kind.
    generator : numpy.random.Generator

    Returns
    -------
    pairs : Pairs
    """
    faces = generator.integers(0, len(face_people), num_pairs)
    order = np.argsort(voice_people, kind="stable")
    counts = np.bincount(voice_people)
    starts = counts.cumsum() - counts
    person = face_people[faces]
    voices = order[starts[person] + (generator.random(num_pairs) * counts[person]).astype(int)]
    others = generator.integers(0, len(voice_people), num_pairs)
    differ = voice_people[others] != person
    return Pairs(
        np.concatenate([faces, faces[differ]]),
        np.concatenate([voices, others[differ]]),
        np.concatenate([np.ones(num_pairs, bool), np.zeros(int(differ.sum()), bool)]),
    )


def score_pairs(similarities: Array, same: NDArray[np.bool_], hard: NDArray[np.bool_]) -> float:
    """Verification AUC, plus `HARD_WEIGHT` times the AUC within the hard pairs, over 1 + `HARD_WEIGHT`.

    Parameters
    ----------
    similarities : (num_pairs,) array
    same, hard : (num_pairs,) bool array
        Hard pairs are those that the strongest direction (gender, as a rule) cannot tell apart.

    Returns
    -------
    score : float
        In [0, 1], chance 0.5.
    """
    score = float(roc_auc(similarities, same))
    if len(np.unique(same[hard])) < 2:
        return score
    return (score + HARD_WEIGHT * float(roc_auc(similarities[hard], same[hard]))) / (
        1 + HARD_WEIGHT
    )


def choose_settings(
    table: PeopleTable,
    seed: int = 0,
    num_folds: int = 5,
    num_pairs: int = 3000,
    quiet: bool = False,
) -> dict[HeadSettings, float]:
    """Score every candidate by cross-validation over people.

    Parameters
    ----------
    table : PeopleTable
    seed : int
        Of the folds and pairs.
    num_folds, num_pairs : int
    quiet : bool
        No progress bar.

    Returns
    -------
    scores : dict of HeadSettings to float
        Mean of `score_pairs` over folds, best first.
    """
    generator = np.random.default_rng(seed)
    fold = generator.permutation(table.num_people) % num_folds
    face_means, voice_means = table.person_means()
    totals: dict[HeadSettings, float] = {}
    for index in progress(range(num_folds), "choosing the head", quiet=quiet):
        face_rows = np.flatnonzero(fold[table.face_people] == index)
        voice_rows = np.flatnonzero(fold[table.voice_people] == index)
        pairs = draw_pairs(
            table.face_people[face_rows], table.voice_people[voice_rows], num_pairs, generator
        )
        faces = table.faces[face_rows[pairs.faces]].astype(np.float64)
        voices = table.voices[voice_rows[pairs.voices]].astype(np.float64)
        means = face_means[fold != index], voice_means[fold != index]
        hard = None
        for whitening, directions in solve_all(*means, WHITENINGS, max(NUM_DIRECTIONS)):
            face_spread, voice_spread = spreads(table, directions)
            first = (faces - directions.face_mean) @ directions.face_directions / face_spread
            second = (voices - directions.voice_mean) @ directions.voice_directions / voice_spread
            if hard is None:
                hard = np.sign(first[:, 0]) == np.sign(second[:, 0])
            for count, exponent, saturation in product(NUM_DIRECTIONS, EXPONENTS, SATURATIONS):
                settings = HeadSettings(*whitening, count, exponent, saturation)
                similarities = _cosine(
                    first, second, settings, directions.strengths, face_spread, voice_spread
                )
                score = score_pairs(similarities, pairs.same, hard)
                totals[settings] = totals.get(settings, 0.0) + score / num_folds
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def solve_all(
    faces: Array, voices: Array, whitenings: Sequence[tuple[float, float]], num_directions: int
) -> Iterator[tuple[tuple[float, float], CanonicalDirections]]:
    """Solve for each whitening on the means of people, (num_people, face_dim) and (num_people, voice_dim)."""
    uniform = np.full(len(faces), 1 / len(faces))
    face_moments, voice_moments = Moments.of(faces, uniform), Moments.of(voices, uniform)
    cross = (faces - face_moments.mean).T @ (voices - voice_moments.mean) / len(faces)
    for shrinkage, power in whitenings:
        yield (
            (shrinkage, power),
            find_directions(face_moments, voice_moments, cross, shrinkage, power, num_directions),
        )


def spreads(table: PeopleTable, directions: CanonicalDirections) -> tuple[Array, Array]:
    """Standard deviation of single rows along each direction: two (num_directions,) arrays."""
    found = []
    for values, mean, matrix in (
        (table.faces, directions.face_mean, directions.face_directions),
        (table.voices, directions.voice_mean, directions.voice_directions),
    ):
        rows = values[:: -(-len(values) // MOST_ROWS)].astype(np.float64)
        found.append(((rows - mean) @ matrix).std(axis=0).clip(min=1e-12))
    return found[0], found[1]


def build_heads(
    table: PeopleTable, settings: HeadSettings, hidden_dim: int = 0, dropout: float = 0.5
) -> tuple[FeatureHead, FeatureHead]:
    """Fit the closed form to all people and write it into two heads.

    Parameters
    ----------
    table : PeopleTable
    settings : HeadSettings
    hidden_dim, dropout
        Of the heads' networks, which start at zero.

    Returns
    -------
    face_head, voice_head : FeatureHead
        In eval mode.
    """
    whitening = (settings.shrinkage, settings.power)
    means = table.person_means()
    ((_, directions),) = solve_all(*means, [whitening], settings.num_directions)
    face_spread, voice_spread = spreads(table, directions)
    face_head = FeatureHead(table.faces.shape[1], len(face_spread), hidden_dim, dropout)
    voice_head = FeatureHead(table.voices.shape[1], len(voice_spread), hidden_dim, dropout)
    strengths = directions.strengths
    _fill(
        face_head,
        directions.face_mean,
        directions.face_directions / face_spread,
        face_spread * strengths**settings.exponent,
        settings.saturation,
    )
    _fill(
        voice_head,
        directions.voice_mean,
        directions.voice_directions / voice_spread,
        voice_spread * strengths**settings.exponent,
        settings.saturation,
    )
    return face_head, voice_head


def _cosine(
    first: Array,
    second: Array,
    settings: HeadSettings,
    strengths: Array,
    face_spread: Array,
    voice_spread: Array,
) -> Array:
    """Cosine of standardized projections (num_pairs, num_directions) under some settings: (num_pairs,)."""
    count, parts = settings.num_directions, []
    for projected, spread in ((first, face_spread), (second, voice_spread)):
        kept = projected[:, :count].copy()
        if settings.saturation > 0:
            kept[:, 0] = np.tanh(settings.saturation * kept[:, 0])
        kept *= spread[:count] * strengths[:count] ** settings.exponent
        parts.append(kept / np.linalg.norm(kept, axis=1, keepdims=True).clip(1e-12))
    return np.asarray((parts[0] * parts[1]).sum(axis=1))


@torch.no_grad()
def _fill(
    head: FeatureHead, mean: Array, directions: Array, weights: Array, saturation: float
) -> None:
    weights = weights / np.linalg.norm(weights)
    if saturation > 0:
        weights[0] *= saturation  # so that the squashed direction spans -weight ... weight
        head.saturation[0] = saturation
    head.mean.copy_(torch.from_numpy(mean))
    head.directions.weight.copy_(torch.from_numpy(directions.T))
    head.weights.copy_(torch.from_numpy(weights))
    head.eval()
