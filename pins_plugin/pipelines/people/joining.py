"""Who is who over thousands of videos: average linkage among nearest neighbors, under constraints, with a guard.

Only pairs of a group and its most alike others are looked at, so that memory grows as the number of appearances
and time hardly faster. Two groups are joined by the mean similarity of all their pairs (average linkage), which one
pair that looks alike by chance does not raise; the more appearances there are, the more such pairs there are, and the
more alike two must be (`guard`). A lone appearance, which may have been seen badly, joins by the one that is most alike, where
the mean falls short by little.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pins_plugin.inference.neighbors import find_neighbors
from pins_plugin.pipelines.people.enrollment import SAME_VOICE, VOICE_WEIGHT
from pins_plugin.pipelines.people.most_alike import Ints, choose_most_alike
from pins_plugin.utils.vectors import unit

Floats = NDArray[np.float32]
NEIGHBORS = 32  # most alike groups that each is compared with; chosen, not measured
FALSE_PAIRS = 0.02  # pairs per appearance that may pass the guard by chance; chosen, not measured
RANDOM_PAIRS = 50_000  # drawn for center and spread of scores by chance; chosen, not measured
# Appearances; of fewer, random pairs are too often one person's; chosen, not measured
MIN_SIGHTINGS = 200
# Below the threshold for faces, where a voice may make up for it; chosen, not measured
LOOSE = 0.25
MAX_DOUBTFUL = 50  # joins of each kind that are shown to a reviewer; chosen, not measured
# By which the mean of a lone sighting and a group may fall short where one of them is alike enough; chosen, not measured
NEARLY = 0.1
PAIRS_AT_ONCE = 8192  # pairs that are scored at once; chosen, not measured


@dataclass(frozen=True, eq=False)
class Sightings:
    """Everyone who was seen in each video; vectors of unit length, zeros where there is none."""

    faces: Floats  # (num_sightings, face_dim)
    voices: Floats  # (num_sightings, voice_dim)
    videos: NDArray[np.int64]  # (num_sightings,)
    labels: Sequence[str | None]  # given before, which stay: equal ones are one person
    apart: Sequence[tuple[int, int]] = ()  # sightings of one picture: two people


@dataclass(eq=False)
class JoinedPeople:
    """Groups of sightings, and how sure they are; scores are leads over what one person needs."""

    groups: NDArray[np.int64]  # (num_sightings,) the first sighting of each one's person
    # Score from which on two groups were joined; above 0 where the guard asked for it
    threshold: float
    joined: int = 0  # joins that were made
    false_joins: float = 0.0  # how many of them are expected to be wrong, by scores of random pairs
    known_pairs: int = 0  # sightings of one picture, who are two people for certain
    known_pairs_alike: int = 0  # how many of them would have been joined
    # The least sure joins: score, and the first sighting of each side
    doubtful: list[tuple[float, int, int]] = field(default_factory=list)
    # People with labels given before who may be one: score, and both labels
    perhaps: list[tuple[float, str, str]] = field(default_factory=list)


def join_sightings(seen: Sightings, same_face: float) -> JoinedPeople:
    """Group the sightings of one person; `same_face` is the cosine similarity of faces from which on two may be one person's."""
    linkage = _Linkage(seen, same_face)
    joined = -1
    while len(linkage.joins) > joined:  # groups find neighbors that none of their sightings had
        joined = len(linkage.joins)
        linkage.look_around()
        while linkage.join_most_alike():
            pass
    return linkage.result()


class _Pairs(NamedTuple):
    """Pairs of groups that may be one person."""

    ends: Ints  # (num_pairs, 2), the smaller number first
    # Score of the most alike before anything was joined, by which one that is alone joins
    begun: NDArray[np.float64]
    scores: NDArray[np.float64]
    both: Ints  # whether voices have a say

    def where(self, kept: NDArray[np.bool_]) -> "_Pairs":
        """Some of them."""
        return _Pairs(self.ends[kept], self.begun[kept], self.scores[kept], self.both[kept])


class _Linkage:
    """The state of average linkage: sums of groups, and the pairs that may be one, with their scores.

    Joining makes no mean larger than the larger of both. So two groups that are each other's most alike stay so whatever
    else is joined, and all such pairs may be joined at once: a round takes no longer than sorting the pairs that are left.
    """

    def __init__(self, seen: Sightings, same_face: float) -> None:
        count = len(seen.faces)
        self.seen, self.same_face = seen, same_face
        self.group, self.first = np.arange(count), np.arange(count)  # of rows; of groups
        self.faces, self.voices = seen.faces.copy(), seen.voices.copy()
        self.num_faces = np.asarray(seen.faces.any(axis=1)).astype(np.int64)
        self.num_voices = np.asarray(seen.voices.any(axis=1)).astype(np.int64)
        self.size = np.ones(count, np.int64)
        self.names = list(dict.fromkeys(label for label in seen.labels if label is not None))
        number = {name: place for place, name in enumerate(self.names)}
        self.labels = np.array([number.get(label, -1) for label in seen.labels], np.int64)  # type: ignore[arg-type]
        self.center, self.spread = self._chance()
        height = float(norm.isf(min(0.5, 2 * FALSE_PAIRS / max(1, count))))
        guard = self.center + height * self.spread if count >= MIN_SIGHTINGS else np.zeros(2)
        self.needed = np.clip(guard, 0.0, (1 - same_face) / 2)  # by face, by both
        none = np.zeros((0, 2))
        self.pairs = _Pairs(none.astype(np.int64), none[:, 0], none[:, 0], np.zeros(0, np.int64))
        self.joins = [np.zeros((0, 4))]  # score, whether voices had a say, first of both sides
        self.perhaps: dict[tuple[str, str], float] = {}
        self.told = np.array(seen.apart, np.int64).reshape(-1, 2)  # rows
        self.apart = self.told  # groups
        pairs = self.told[self.num_faces[self.told].all(axis=1)]
        pairs = np.unique(np.sort(pairs, axis=1), axis=0)
        scores, both = self.score(pairs)  # two people, before anything was joined
        self.known_pairs, self.alike = len(pairs), int((scores >= self.needed[both]).sum())
        named = np.flatnonzero(self.labels >= 0)
        _, places = np.unique(self.labels[named], return_index=True)
        first = named[places][self.labels[named]]
        self._join(np.stack([first, named], axis=1)[first != named])

    def _chance(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Center and spread of the scores of random pairs of two videos: without voices, with voices."""
        rows = np.flatnonzero(self.num_faces)
        centers, spreads = np.full(2, -1.0), np.zeros(2)
        if len(rows) < 2:
            return centers, spreads
        pairs = np.random.default_rng(0).choice(rows, (RANDOM_PAIRS, 2))
        pairs = pairs[self.seen.videos[pairs[:, 0]] != self.seen.videos[pairs[:, 1]]]
        scores, both = self.score(pairs)
        for kind in (0, 1):
            mine = scores[both == kind]
            if len(mine) > 1:
                low, quarter = np.quantile(mine, [0.05, 0.25])  # below, where no one person's are
                spreads[kind] = (quarter - low) / (norm.ppf(0.25) - norm.ppf(0.05))
                centers[kind] = quarter - norm.ppf(0.25) * spreads[kind]
        return centers, spreads

    def score(self, pairs: Ints) -> tuple[NDArray[np.float64], Ints]:
        """Mean similarities of pairs of groups, (num_pairs, 2), as scores, and whether voices had a say."""
        scores = np.empty(len(pairs))
        both: Ints = np.asarray((self.num_voices[pairs] > 0).all(axis=1)).astype(np.int64)
        for begin in range(0, len(pairs), PAIRS_AT_ONCE):
            part = slice(begin, begin + PAIRS_AT_ONCE)
            a, b = pairs[part].T
            faces = np.einsum("ij,ij->i", self.faces[a], self.faces[b])
            scores[part] = faces / np.maximum(1, self.num_faces[a] * self.num_faces[b])
            voices = np.einsum("ij,ij->i", self.voices[a], self.voices[b])
            lead = voices / np.maximum(1, self.num_voices[a] * self.num_voices[b]) - SAME_VOICE
            scores[part] += VOICE_WEIGHT * lead * both[part] - self.same_face
        return scores, both

    def look_around(self) -> None:
        """Find the most alike of each group anew."""
        groups = np.unique(self.group[self.num_faces[self.group] > 0])
        found, alike = find_neighbors(unit(self.faces[groups]), NEIGHBORS)
        use = (alike > self.same_face - LOOSE) & (found >= 0)
        source = np.repeat(np.arange(len(groups)), use.sum(axis=1))
        ends = groups[np.stack([source, found[use]], axis=1)]
        self.apart = self.group[self.told]
        self.apart = self.apart[self.apart[:, 0] != self.apart[:, 1]]  # of one label given before
        self.pairs = self.pairs.where(self.pairs.both < 0)  # none
        self._add(ends, np.full(len(ends), -np.inf))
        enough = self.pairs.scores >= self.needed[self.pairs.both]
        self.pairs.begun[enough] = self.pairs.scores[enough]

    def join_most_alike(self) -> bool:
        """Join those that are surest to be one; whether there were any."""
        pairs, needed = self.pairs, self.needed[self.pairs.both]
        sizes, named = self.size[pairs.ends], (self.labels[pairs.ends] >= 0).all(axis=1)
        alone = (sizes.min(axis=1) == 1) & (pairs.scores >= needed - NEARLY)
        values = np.where(alone, np.maximum(pairs.begun, pairs.scores), pairs.scores)
        good = values >= needed
        for row in np.flatnonzero(good & named):
            one, other = sorted(self.names[label] for label in self.labels[pairs.ends[row]])
            value = float(values[row])
            self.perhaps[one, other] = max(value, self.perhaps.get((one, other), value))
        self.pairs = pairs.where(~(good & named))
        good &= ~named
        order = np.argsort(-sizes[good], axis=1, kind="stable")
        ends = np.take_along_axis(pairs.ends[good], order, axis=1)  # the smaller one goes
        # What has a label waits until it is wanted, too: two of them must not go to one group
        sizes = np.where(self.labels < 0, self.size, self.size + 1)
        chosen = choose_most_alike(ends, values[good], sizes, self.apart, len(self.joins))
        if not chosen.any():
            return False
        about = values[good][chosen], pairs.both[good][chosen], *self.first[ends[chosen]].T
        self.joins.append(np.stack(about, axis=1))
        self._join(ends[chosen])
        return True

    def _join(self, ends: Ints) -> None:
        """Make the second of each two part of the first, which does not go anywhere itself."""
        ends = ends[np.argsort(ends[:, 0], kind="stable")]
        into, going = ends.T
        targets, starts = np.unique(into, return_index=True)
        for sums in (self.faces, self.voices, self.num_faces, self.num_voices, self.size):
            if len(ends):
                sums[targets] += np.add.reduceat(sums[going], starts, axis=0)
        np.minimum.at(self.first, into, self.first[going])
        np.maximum.at(self.labels, into, self.labels[going])
        goes, changed = np.arange(len(self.first)), np.zeros(len(self.first), bool)
        goes[going], changed[into] = into, True
        self.group, self.apart = goes[self.group], goes[self.apart]
        pairs = self.pairs._replace(ends=goes[self.pairs.ends])
        again = np.asarray(changed[pairs.ends].any(axis=1))
        self.pairs = pairs.where(~again)
        self._add(pairs.ends[again], pairs.begun[again])

    def _add(self, ends: Ints, begun: NDArray[np.float64]) -> None:
        """Score pairs of groups, each once, except two people for certain."""
        count, near = len(self.first), np.zeros(len(self.first), np.int64)
        near[self.pairs.ends] = 1
        near[ends] = 2
        nearest = near[self.apart[:, 0]] * near[self.apart[:, 1]]
        apart = self.apart[nearest == 4].T
        self.apart = self.apart[nearest > 0]  # others will not be joined any more
        ends = np.stack([np.minimum(*ends.T), np.maximum(*ends.T)], axis=1)
        keys = ends[:, 0] * count + ends[:, 1]
        order = np.lexsort((-begun, keys))
        order = order[np.diff(keys[order], prepend=-1) > 0]  # of equal ones the most alike
        told = np.isin(keys[order], np.minimum(*apart) * count + np.maximum(*apart))
        order = order[(ends[order, 0] != ends[order, 1]) & ~told]
        added = _Pairs(ends[order], begun[order], *self.score(ends[order]))
        self.pairs = _Pairs(*(np.concatenate(each) for each in zip(self.pairs, added, strict=True)))

    def result(self) -> JoinedPeople:
        """Give the groups, and how sure they are."""
        groups = self.first[self.group]
        spread = np.maximum(self.spread, 1e-6)
        joins = np.concatenate(self.joins)
        scores, (heard, first, second) = joins[:, 0], joins[:, 1:].T.astype(np.int64)
        chances = norm.sf((scores - self.center[heard]) / spread[heard])
        wrong = np.minimum(1.0, len(np.unique(groups)) * chances).sum()
        leads = scores - self.needed[heard]
        unsure = np.argsort(leads, kind="stable")[:MAX_DOUBTFUL]
        perhaps = sorted(((score, *pair) for pair, score in self.perhaps.items()), reverse=True)
        return JoinedPeople(
            groups,
            float(self.needed.max()),
            len(joins),
            float(wrong),
            self.known_pairs,
            self.alike,
            list(zip(*(each[unsure].tolist() for each in (leads, first, second)), strict=True)),
            perhaps[:MAX_DOUBTFUL],
        )
