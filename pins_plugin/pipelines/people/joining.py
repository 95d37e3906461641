"""Who is who over thousands of videos: average linkage among nearest neighbors, under constraints, with a guard.

Only pairs of an appearance and its most alike others are looked at, so that memory grows as the number of appearances
and time a little faster. Two groups are joined by the mean similarity of all their pairs (average linkage), which one
pair that looks alike by chance does not raise; the more appearances there are, the more such pairs there are, and the
more alike two must be (`guard`). A lone appearance, which may have been seen badly, joins by the one that is most alike, where
the mean falls short by little.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from pins_plugin.inference.neighbors import find_neighbors
from pins_plugin.pipelines.people.enrollment import SAME_VOICE, VOICE_WEIGHT

Floats = NDArray[np.float32]
NEIGHBORS = 32  # most alike appearances that each is compared with; chosen, not measured
FALSE_PAIRS = 0.02  # pairs per appearance that may pass the guard by chance; chosen, not measured
RANDOM_PAIRS = 50_000  # drawn for center and spread of scores by chance; chosen, not measured
# Appearances; of fewer, random pairs are too often one person's; chosen, not measured
MIN_SIGHTINGS = 200
# Below the threshold for faces, where a voice may make up for it; chosen, not measured
LOOSE = 0.25
MAX_DOUBTFUL = 50  # joins of each kind that are shown to a reviewer; chosen, not measured
# Times a group's size, from where on what was too low for it is scored again; chosen, not measured
GROWN = 1.1
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


def join_sightings(seen: Sightings, same_face: float, seed: int = 0) -> JoinedPeople:
    """Group the sightings of one person.

    `same_face` is the cosine similarity of faces from which on two may be one person's; `seed` is of the random pairs.
    """
    linkage = _Linkage(seen, same_face, seed)
    linkage.start()
    linkage.run()
    return linkage.result()


class _Linkage:
    """The state of average linkage: sums of groups, who may be compared with whom, and a heap of scores.

    A score on the heap is looked at again only when it comes up and one of its groups has changed since (`version`): joining
    makes a mean smaller as a rule, so that it came up no later than it should. What was too low is scored again whenever a
    group has grown by a tenth, and at the end. So a group of many is not compared with all its neighbors for each one.
    """

    def __init__(self, seen: Sightings, same_face: float, seed: int) -> None:
        count = len(seen.faces)
        self.seen, self.same_face = seen, same_face
        self.parent, self.first = list(range(count)), list(range(count))
        self.faces, self.voices = seen.faces.copy(), seen.voices.copy()
        self.num_faces = np.asarray(seen.faces.any(axis=1)).astype(np.int64)
        self.num_voices = np.asarray(seen.voices.any(axis=1)).astype(np.int64)
        self.labels = list(seen.labels)
        self.clock = 1  # joins so far
        self.version, self.size, self.scored = [0] * count, [1] * count, [1] * count
        self.near: dict[int, dict[int, int]] = {}  # when last scored; below 0: not on the heap
        self.apart: dict[int, set[int]] = {}
        self.heap: list[tuple[float, int, int, int]] = []
        self.center, self.spread = self._chance(seed)
        height = float(norm.isf(min(0.5, 2 * FALSE_PAIRS / max(1, count))))
        guard = self.center + height * self.spread if count >= MIN_SIGHTINGS else np.zeros(2)
        self.needed = np.clip(guard, 0.0, (1 - same_face) / 2)  # by face, by both
        self.scores: list[tuple[float, int, int, int]] = []
        self.perhaps: dict[tuple[str, str], float] = {}
        pairs = np.sort(np.array(seen.apart, np.int64).reshape(-1, 2), axis=1)
        pairs = np.unique(pairs[self.num_faces[pairs].all(axis=1)], axis=0)
        scores, both = self.score(*pairs.T)  # two people, before anything was joined
        self.known_pairs, self.alike = len(pairs), int((scores >= self.needed[both]).sum())
        for first, second in seen.apart:
            self.apart.setdefault(first, set()).add(second)
            self.apart.setdefault(second, set()).add(first)

    def _chance(self, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Center and spread of the scores of random pairs of two videos: without voices, with voices."""
        rows = np.flatnonzero(self.num_faces)
        centers, spreads = np.full(2, -1.0), np.zeros(2)
        if len(rows) < 2:
            return centers, spreads
        generator = np.random.default_rng(seed)
        pairs = generator.choice(rows, (RANDOM_PAIRS, 2))
        pairs = pairs[self.seen.videos[pairs[:, 0]] != self.seen.videos[pairs[:, 1]]]
        scores, both = self.score(pairs[:, 0], pairs[:, 1])
        for kind in (0, 1):
            mine = scores[both == kind]
            if len(mine) > 1:
                low, quarter = np.quantile(mine, [0.05, 0.25])  # below, where no one person's are
                spreads[kind] = (quarter - low) / (norm.ppf(0.25) - norm.ppf(0.05))
                centers[kind] = quarter - norm.ppf(0.25) * spreads[kind]
        return centers, spreads

    def score(
        self, first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Mean similarities of pairs of groups as scores, and whether voices had a say."""
        faces = np.einsum("ij,ij->i", self.faces[first], self.faces[second])
        scores = (
            faces / np.maximum(1, self.num_faces[first] * self.num_faces[second]) - self.same_face
        )
        heard = self.num_voices[first] * self.num_voices[second]
        voices = np.einsum("ij,ij->i", self.voices[first], self.voices[second])
        lead = voices / np.maximum(1, heard) - SAME_VOICE
        both = (heard > 0).astype(np.int64)
        return scores + VOICE_WEIGHT * lead * both, both

    def start(self) -> None:
        """Join what bears one label, and score neighbors."""
        first_of: dict[str, int] = {}
        for row, label in enumerate(self.seen.labels):
            if label is not None and first_of.setdefault(label, row) != row:
                first_of[label] = self._merge(self._root(first_of[label]), row)
        rows = np.flatnonzero(self.seen.faces.any(axis=1))
        found, alike = find_neighbors(np.ascontiguousarray(self.seen.faces[rows]), NEIGHBORS)
        source = np.repeat(np.arange(len(rows)), found.shape[1])
        use = (alike.ravel() > self.same_face - LOOSE) & (found.ravel() >= 0)
        ends = self._roots()[rows[np.stack([source[use], found.ravel()[use]], axis=1)]]
        self.begun = self.clock
        ends = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)
        self._compare(ends)

    def _compare(self, pairs: ArrayLike) -> None:
        """Score pairs of groups, (num_pairs, 2); those that may be one go onto the heap."""
        pairs = np.asarray(pairs, np.int64).reshape(-1, 2)
        for part in np.split(pairs, range(PAIRS_AT_ONCE, len(pairs), PAIRS_AT_ONCE)):
            scores, both = self.score(*part.T)
            enough = (scores >= self.needed[both]).tolist()
            for (a, b), score, high in zip(part.tolist(), scores.tolist(), enough, strict=True):
                if high:
                    heapq.heappush(self.heap, (-score, min(a, b), max(a, b), self.clock))
                stamp = self.clock if high else -self.clock
                self.near.setdefault(a, {})[b] = stamp
                self.near.setdefault(b, {})[a] = stamp

    def run(self) -> None:
        """Join the two most alike groups until none may be joined."""
        while self.heap or self._compare_changed():
            score, a, b, at = heapq.heappop(self.heap)
            a, b = self._root(a), self._root(b)
            if a == b or b not in self.near[a]:
                continue
            changed = max(self.version[a], self.version[b])
            if at < changed and not (at == self.begun and self._fits_alone(a, b)):
                if abs(self.near[a][b]) < changed:  # else it was scored since
                    self._compare([(a, b)])
                continue
            one, other = self.labels[a], self.labels[b]
            if b in self.apart.get(a, ()) or (one is not None and other is not None):
                del self.near[a][b], self.near[b][a]
                if one is not None and other is not None:
                    pair = (min(one, other), max(one, other))
                    self.perhaps[pair] = max(-score, self.perhaps.get(pair, -score))
                continue
            heard = int(self.num_voices[a] * self.num_voices[b] > 0)
            self.scores.append((-score, heard, self.first[a], self.first[b]))
            a = self._merge(a, b)
            if self.size[a] > self.scored[a] * GROWN:
                self.scored[a] = self.size[a]
                self._compare([(a, low) for low, stamp in self.near[a].items() if stamp < 0])

    def _fits_alone(self, a: int, b: int) -> bool:
        """Tell whether one of two is a lone sighting, and their mean nearly enough: one that is alike will do then."""
        if min(self.size[a], self.size[b]) > 1:
            return False
        scores, both = self.score(np.array([a]), np.array([b]))
        return bool(scores[0] >= self.needed[both[0]] - NEARLY)

    def _compare_changed(self) -> bool:
        """Score all pairs once more that were too low before one of them changed; whether any is not."""
        pairs = [
            (a, b)
            for a, near in self.near.items()
            for b, stamp in near.items()
            if a < b and -stamp < max(self.version[a], self.version[b])
        ]
        self._compare(pairs)
        return bool(self.heap)

    def _merge(self, a: int, b: int) -> int:
        """Join two groups; the one with more neighbors stays, and is given."""
        a, b = sorted((a, b), key=lambda each: -self._num_ties(each))
        self.clock += 1
        self.parent[b], self.version[a] = a, self.clock
        self.size[a] += self.size[b]
        self.first[a] = min(self.first[a], self.first[b])
        for sums in (self.faces, self.voices, self.num_faces, self.num_voices):
            sums[a] += sums[b]
        self.labels[a] = self.labels[a] if self.labels[a] is not None else self.labels[b]
        for other in self.apart.pop(b, ()):
            self.apart[other].discard(b)
            if other != a:
                self.apart[other].add(a)
                self.apart.setdefault(a, set()).add(other)
        mine = self.near.setdefault(a, {})
        for other, stamp in self.near.pop(b, {}).items():
            del self.near[other][b]
            if other != a:
                mine[other] = self.near[other][a] = max(stamp, mine.get(other, stamp))
        return a

    def _num_ties(self, group: int) -> int:
        return len(self.near.get(group, ())) + len(self.apart.get(group, ()))

    def _root(self, row: int) -> int:
        parent = self.parent
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    def _roots(self) -> NDArray[np.int64]:
        return np.array([self._root(row) for row in range(len(self.parent))], np.int64)

    def result(self) -> JoinedPeople:
        """Give the groups, and how sure they are."""
        groups = np.array(self.first, np.int64)[self._roots()]
        spread = np.maximum(self.spread, 1e-6)
        num_groups = len(np.unique(groups))
        scores = np.array([score for score, *_ in self.scores])
        heard = np.array([voices for _, voices, _, _ in self.scores], np.int64)
        chances = norm.sf((scores - self.center[heard]) / spread[heard])
        wrong = np.minimum(1.0, num_groups * chances).sum()
        leads = [(score - self.needed[voices], a, b) for score, voices, a, b in self.scores]
        doubtful = heapq.nsmallest(MAX_DOUBTFUL, leads)
        perhaps = sorted(((score, *pair) for pair, score in self.perhaps.items()), reverse=True)
        return JoinedPeople(
            groups,
            float(self.needed.max()),
            len(self.scores),
            float(wrong),
            self.known_pairs,
            self.alike,
            [(float(score), a, b) for score, a, b in doubtful],
            perhaps[:MAX_DOUBTFUL],
        )
