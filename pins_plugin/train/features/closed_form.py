"""Heads solved in closed form for a table of people, and which of them do best on people held out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.metrics.verification import roc_auc
from pins_plugin.models.layers.heads import DirectionHead
from pins_plugin.train.features.canonical import CanonicalDirections, Moments, find_directions
from pins_plugin.train.features.held_out import HeldOut, Mask
from pins_plugin.train.features.people_table import PeopleTable
from pins_plugin.utils.progress import progress

Array = NDArray[np.float64]

SHRINKAGE_AND_POWER = (
    *((0.0, power) for power in (0.25, 0.5, 0.75, 0.9)),
    *((shrinkage, 1.0) for shrinkage in (0.02, 0.1, 0.3, 0.7)),
)
NUM_DIRECTIONS = (4, 8, 16, 32)
SATURATIONS = (0.0, 2.0)
MOST_ROWS = 20_000
RADIUS_QUANTILE = 0.5


@dataclass(frozen=True)
class HeadSettings:
    """What the closed form leaves open.

    Parameters
    ----------
    shrinkage, power : float
        Of the whitening, see `Moments.whitening`.
    num_directions : int
        Directions kept, each weighted by its strength.
    saturation : float
        Slope at which the first direction (gender, as a rule) is squashed by tanh; 0 leaves it linear.
    """

    shrinkage: float
    power: float
    num_directions: int
    saturation: float

    @property
    def whitening(self) -> tuple[float, float]:
        """Shrinkage and power."""
        return self.shrinkage, self.power

    def shape(self, standardized: Array, scales: Array, strengths: Array) -> Array:
        """Squash and weigh projections of unit variance (num_rows, num_directions)."""
        count = min(self.num_directions, len(strengths))
        shaped = standardized[:, :count].copy()
        if self.saturation > 0:
            shaped[:, 0] = np.tanh(self.saturation * shaped[:, 0])
        return np.asarray(shaped * scales[:count] * strengths[:count])


CANDIDATES = tuple(
    HeadSettings(*whitening, count, saturation)
    for whitening, count, saturation in product(SHRINKAGE_AND_POWER, NUM_DIRECTIONS, SATURATIONS)
)


class ClosedForm:
    """Solves canonical correlation with shrinkage for the people of a table.

    Whitening goes by the moments of single rows, since single rows are compared in the end; the cross-covariance by
    the means of people, a person seen in n videos counting n / (n + 1).
    """

    def __init__(self, table: PeopleTable) -> None:
        self.table = table
        self.means = table.person_means()
        videos = table.videos_per_person()
        self.weights = videos / (videos + 1)
        self.moments = (
            _row_moments(table.faces, table.face_people),
            _row_moments(table.voices, table.voice_people),
        )
        self._whitenings: dict[tuple[float, float], tuple[Array, Array]] = {}

    def solve(
        self, whitening: tuple[float, float], people: Mask | None = None
    ) -> CanonicalDirections:
        """Find the directions for some people (all by default)."""
        if whitening not in self._whitenings:
            faces, voices = self.moments
            self._whitenings[whitening] = faces.whitening(*whitening), voices.whitening(*whitening)
        return find_directions(
            self.means,
            self.weights if people is None else self.weights * people,
            self._whitenings[whitening],
            max(NUM_DIRECTIONS),
        )

    def similarities(
        self, settings: Sequence[HeadSettings], held_out: HeldOut
    ) -> Iterator[tuple[HeadSettings, Array]]:
        """Compare the pairs held out, (num_pairs,), under each setting; the people that are left train."""
        rows = held_out.faces.astype(np.float64), held_out.voices.astype(np.float64)
        for whitening in dict.fromkeys(candidate.whitening for candidate in settings):
            found = self.solve(whitening, held_out.trained_on)
            sides = [
                (_standardize(values, side, found, scales), scales)
                for side, (values, scales) in enumerate(zip(rows, self._scales(found), strict=True))
            ]
            for candidate in settings:
                if candidate.whitening == whitening:
                    joint = [_bounded(candidate.shape(*side, found.strengths)) for side in sides]
                    yield candidate, np.asarray((joint[0] * joint[1]).sum(axis=1))

    def build(self, settings: HeadSettings) -> tuple[DirectionHead, DirectionHead]:
        """Solve for all people and write the result into two heads."""
        found = self.solve(settings.whitening)
        faces, voices = self._scales(found)
        return (
            _build_head(0, self.table.faces, settings, found, faces),
            _build_head(1, self.table.voices, settings, found, voices),
        )

    def _scales(self, found: CanonicalDirections) -> tuple[Array, Array]:
        """Standard deviation of single rows along each direction: two (num_directions,) arrays."""
        first, second = self.moments
        return first.spread(found.directions[0]), second.spread(found.directions[1])


def rank_settings(
    closed_form: ClosedForm, held_out: Sequence[HeldOut], quiet: bool = False
) -> dict[HeadSettings, float]:
    """Score every candidate on people held out.

    Parameters
    ----------
    held_out : sequence of HeldOut
        Folds of the training people, and people of split valid.

    Returns
    -------
    scores : dict of HeadSettings to float
        Mean verification AUC, best first.
    """
    totals = dict.fromkeys(CANDIDATES, 0.0)
    for part in progress(held_out, "choosing closed forms", quiet=quiet):
        for settings, similarities in closed_form.similarities(CANDIDATES, part):
            totals[settings] += part.weight * float(roc_auc(similarities, part.same))
    weight = sum(part.weight for part in held_out)
    return {
        settings: total / weight
        for settings, total in sorted(totals.items(), key=lambda item: -item[1])
    }


def _bounded(shaped: Array) -> Array:
    """Divide by the length, or by the median length where that is longer."""
    lengths = np.linalg.norm(shaped, axis=1, keepdims=True)
    return np.asarray(shaped / np.maximum(lengths, np.quantile(lengths, RADIUS_QUANTILE) + 1e-12))


def _row_moments(rows: NDArray[np.float32], people: NDArray[np.int64]) -> Moments:
    """Moments of rows, everyone counting alike."""
    step = -(-len(rows) // MOST_ROWS)
    people = people[::step]
    weights = 1 / np.bincount(people)[people]
    return Moments.of(rows[::step].astype(np.float64), weights / weights.sum())


def _standardize(rows: Array, side: int, found: CanonicalDirections, scales: Array) -> Array:
    """Project rows (num_rows, dim) of faces (side 0) or voices (1): unit variance along each direction."""
    return np.asarray((rows - found.means[side]) @ found.directions[side] / scales)


@torch.no_grad()
def _build_head(
    side: int,
    rows: NDArray[np.float32],
    settings: HeadSettings,
    found: CanonicalDirections,
    scales: Array,
) -> DirectionHead:
    """Write a solution into a head; directions that are not kept have weight zero."""
    head = DirectionHead(rows.shape[1], max(NUM_DIRECTIONS), side)
    sample = rows[:: -(-len(rows) // MOST_ROWS)].astype(np.float64)
    shaped = settings.shape(_standardize(sample, side, found, scales), scales, found.strengths)
    radius = float(np.quantile(np.linalg.norm(shaped, axis=1), RADIUS_QUANTILE))
    count = min(settings.num_directions, len(found.strengths))
    weights = scales[:count] * found.strengths[:count]
    if settings.saturation > 0:
        weights[0] *= settings.saturation  # so that the squashed direction spans -weight ... weight
        head.saturation[0] = settings.saturation
    head.mean.copy_(torch.from_numpy(found.means[side]))
    head.weights.zero_()[:count] = torch.from_numpy(weights / radius)
    kept = torch.from_numpy((found.directions[side] / scales).T[:count])
    head.directions.weight.zero_()[:count] = kept
    head.radius.fill_(1.0)
    return head.eval()
