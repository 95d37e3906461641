"""Who is who over thousands of videos: average linkage among nearest neighbors, under constraints, with a guard.

Only pairs of an appearance and its most alike others are looked at, so that memory grows as the number of appearances
and time a little faster. Two groups are joined by the mean similarity of all their pairs (average linkage), which one
pair that looks alike by chance does not raise; the more appearances there are, the more such pairs there are, and the
more alike two must be (`guard`).
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pins_plugin.inference.neighbors import find_neighbors
from pins_plugin.pipelines.people.enrollment import SAME_VOICE, VOICE_WEIGHT

Floats = NDArray[np.float32]
NEIGHBORS = 32
FALSE_PAIRS = 0.02  # pairs per appearance that may pass the guard by chance
RANDOM_PAIRS = 50_000
MIN_SIGHTINGS = 200  # appearances; of fewer, random pairs are too often one person's
LOOSE = 0.25  # below the threshold for faces, where a voice may make up for it
MAX_DOUBTFUL = 50


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
    threshold: (
        float  # score from which on two groups were joined; above 0 where the guard asked for it
    )
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

    Parameters
    ----------
    seen : Sightings
    same_face : float
        Cosine similarity of faces from which on two may be one person's.
    seed : int
        Of the random pairs.

    Returns
    -------
    joined : JoinedPeople
    """
    linkage = _Linkage(seen, same_face, seed)
    linkage.start()
    linkage.run()
    return linkage.result()


class _Linkage:
    """The state of average linkage: sums of groups, who may be compared with whom, and a heap of scores."""

    def __init__(self, seen: Sightings, same_face: float, seed: int) -> None:
        count = len(seen.faces)
        self.seen, self.same_face = seen, same_face
        self.parent = np.arange(count)
        self.faces, self.voices = seen.faces.copy(), seen.voices.copy()
        self.num_faces = np.asarray(seen.faces.any(axis=1)).astype(np.int64)
        self.num_voices = np.asarray(seen.voices.any(axis=1)).astype(np.int64)
        self.labels = list(seen.labels)
        self.version = np.zeros(count, np.int64)
        self.near: dict[int, set[int]] = {}
        self.apart: dict[int, set[int]] = {}
        self.heap: list[tuple[float, int, int, int, int]] = []
        self.center, self.spread = self._chance(seed)
        height = float(norm.isf(min(0.5, 2 * FALSE_PAIRS / max(1, count))))
        guard = self.center + height * self.spread if count >= MIN_SIGHTINGS else np.zeros(2)
        self.needed = np.clip(guard, 0.0, (1 - same_face) / 2)  # by face, by both
        self.scores: list[tuple[float, int, int, int]] = []
        self.perhaps: dict[tuple[str, str], float] = {}
        known = sorted({(min(p), max(p)) for p in seen.apart if self.num_faces[list(p)].all()})
        pairs = np.array(known, np.int64).reshape(-1, 2)  # two people, before anything was joined
        scores, both = self.score(*pairs.T)
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
        """Join what bears one label, and put neighbors on the heap."""
        first_of: dict[str, int] = {}
        for row, label in enumerate(self.seen.labels):
            if label is not None and first_of.setdefault(label, row) != row:
                self._merge(first_of[label], row)
        rows = np.flatnonzero(self.seen.faces.any(axis=1))
        found, alike = find_neighbors(np.ascontiguousarray(self.seen.faces[rows]), NEIGHBORS)
        source = np.repeat(np.arange(len(rows)), found.shape[1])
        use = (alike.ravel() > self.same_face - LOOSE) & (found.ravel() >= 0)
        ends = self._roots(rows[np.stack([source[use], found.ravel()[use]], axis=1)])
        ends = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)
        for a, b in ends.tolist():
            self.near.setdefault(a, set()).add(b)
            self.near.setdefault(b, set()).add(a)
        for start in range(0, len(ends), 8192):
            part = ends[start : start + 8192]
            scores, both = self.score(*part.T)
            for place in np.flatnonzero(scores >= self.needed[both]):
                self.push(float(scores[place]), *part[place].tolist())

    def push(self, score: float, first: int, second: int) -> None:
        """Put a pair on the heap; it counts as long as neither group changes."""
        a, b = min(first, second), max(first, second)
        heapq.heappush(self.heap, (-score, a, b, int(self.version[a]), int(self.version[b])))

    def run(self) -> None:
        """Join the two most alike groups until none may be joined."""
        while self.heap:
            score, a, b, at, bt = heapq.heappop(self.heap)
            if (self.version[a], self.version[b]) != (at, bt) or self.parent[b] != b:
                continue
            if b in self.apart.get(a, ()):
                continue
            one, other = self.labels[a], self.labels[b]
            if one is not None and other is not None:
                pair = (min(one, other), max(one, other))
                self.perhaps[pair] = max(-score, self.perhaps.get(pair, -score))
                continue
            heard = int(self.num_voices[a] * self.num_voices[b] > 0)
            self.scores.append((-score, heard, a, b))
            self._merge(a, b)
            near = np.array(sorted(self.near.get(a, ())), np.int64)
            if len(near):
                scores, both = self.score(np.full(len(near), a), near)
                for place in np.flatnonzero(scores >= self.needed[both]):
                    self.push(float(scores[place]), a, int(near[place]))

    def _merge(self, a: int, b: int) -> None:
        """Let group a take in group b."""
        self.parent[b] = a
        for sums in (self.faces, self.voices, self.num_faces, self.num_voices):
            sums[a] += sums[b]
        self.labels[a] = self.labels[a] if self.labels[a] is not None else self.labels[b]
        self.version[a] += 1
        for links in (self.near, self.apart):
            for other in links.pop(b, ()):
                links[other].discard(b)
                if other != a:
                    links[other].add(a)
                    links.setdefault(a, set()).add(other)

    def _roots(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        roots = self.parent[rows]
        while (self.parent[roots] != roots).any():
            roots = self.parent[roots]
        return roots

    def result(self) -> JoinedPeople:
        """Give the groups, and how sure they are."""
        groups = self._roots(np.arange(len(self.parent)))
        spread = np.maximum(self.spread, 1e-6)
        num_groups = len(np.unique(groups))
        wrong = sum(
            min(1.0, num_groups * float(norm.sf((score - self.center[heard]) / spread[heard])))
            for score, heard, _, _ in self.scores
        )
        doubtful = sorted((score - self.needed[heard], a, b) for score, heard, a, b in self.scores)
        perhaps = sorted(((score, *pair) for pair, score in self.perhaps.items()), reverse=True)
        return JoinedPeople(
            groups,
            float(self.needed.max()),
            len(self.scores),
            float(wrong),
            self.known_pairs,
            self.alike,
            [(float(score), a, b) for score, a, b in doubtful[:MAX_DOUBTFUL]],
            perhaps[:MAX_DOUBTFUL],
        )
