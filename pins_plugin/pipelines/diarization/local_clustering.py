"""Which local speakers are one person: voices and shared frames, weighed together; pure functions of numbers.

Two groups of local speakers are merged for as long as one person explains them better than two: by the evidence of their
voices (`voice_scatter`), by the links between their members, and by what one more person costs. Links are log-likelihood
ratios of same against different: two local speakers of overlapping windows who are active in the same frames are one
person, two of one window are not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, LocalSpeaker
from pins_plugin.pipelines.diarization.voice_scatter import VoiceScatter

ROUNDS = 5  # of refinement at most
APART = 1e6  # nats: more than any evidence


@dataclass(frozen=True)
class LinkRules:
    """What shared frames say, and what a person costs.

    Parameters
    ----------
    together, apart : float
        Nats per second in which both of two local speakers of different windows are active, and in which just one is.
    pause : float
        Nats that two stretches between pauses are one person, where the segmentation takes them for one.
    person : float
        Nats that one more person must explain.
    """

    together: float = 4.0
    apart: float = 4.0
    pause: float = 3.0
    person: float = 1.3


@dataclass(frozen=True, eq=False)
class VoiceEvidence:
    """Voices of local speakers as what `VoiceScatter.observe` says of each.

    Parameters
    ----------
    scatter : VoiceScatter
    precisions : (num_speakers,) float64 array
    weighted : (num_speakers, embedding_dim) float64 array
        Zero where nothing was heard.
    """

    scatter: VoiceScatter
    precisions: NDArray[np.float64]
    weighted: NDArray[np.float64]

    @classmethod
    def observe(
        cls,
        scatter: VoiceScatter,
        embeddings: NDArray[np.float64],
        seconds: NDArray[np.float64],
        share: NDArray[np.float64] | float = 1.0,
    ) -> "VoiceEvidence":
        """What embeddings (num_speakers, embedding_dim) say, each counted by its share (num_speakers,)."""
        if not (seconds > 0).any():
            return cls(scatter, np.zeros(len(seconds)), np.zeros((len(seconds), len(scatter.mean))))
        counted = np.where(seconds > 0, share, 0.0)
        precisions, weighted = scatter.observe(embeddings, seconds)
        return cls(scatter, counted * precisions, counted[:, None] * weighted)


def link_windows(speakers: list[LocalSpeaker], rules: LinkRules) -> NDArray[np.float64]:
    """Log-likelihood ratios (num_speakers, num_speakers) of same against different, by when both are active."""
    links = np.zeros((len(speakers), len(speakers)))
    for row, one in enumerate(speakers):
        for column in range(row + 1, len(speakers)):
            other = speakers[column]
            ahead = other.first_frame - one.first_frame
            if other.window == one.window:
                value = rules.pause if other.speaker == one.speaker else -APART
            elif ahead >= len(one.active):
                break
            else:
                both, either = _shared_frames(one, other, ahead)
                value = FRAME_STEP * (rules.together * both - rules.apart * either)
            links[row, column] = links[column, row] = value
    return links


def _shared_frames(one: LocalSpeaker, other: LocalSpeaker, ahead: int) -> tuple[int, int]:
    """In how many frames both are active, and just one is, where both are judged; `other` starts `ahead` frames later."""
    starts, ends = zip(
        slice(*one.part).indices(len(one.active))[:2],
        [ahead + edge for edge in slice(*other.part).indices(len(other.active))[:2]],
        strict=True,
    )
    start, end = max(starts), max(*starts, min(ends))
    first, second = one.active[start:end], other.active[start - ahead : end - ahead]
    return int((first & second).sum()), int((first ^ second).sum())


def cluster_speakers(
    voices: VoiceEvidence,
    links: NDArray[np.float64],
    rules: LinkRules,
    min_speakers: int = 1,
    max_speakers: int | None = None,
) -> NDArray[np.int64]:
    """Give each local speaker a person.

    Parameters
    ----------
    voices : VoiceEvidence
    links : (num_speakers, num_speakers) float64 array
        See `link_windows`.
    rules : LinkRules
    min_speakers, max_speakers : int

    Returns
    -------
    people : (num_speakers,) int64 array
        From 0 on.
    """
    people = np.arange(len(links))
    precisions, weighted, between = voices.precisions.copy(), voices.weighted.copy(), links.copy()
    evidence = voices.scatter.evidence(precisions, weighted)
    alive = np.ones(len(links), bool)
    gains = np.full(links.shape, -np.inf)

    def weigh(row: int) -> None:
        others = np.flatnonzero(alive)
        joint = voices.scatter.evidence(
            precisions[row] + precisions[others], weighted[row] + weighted[others]
        )
        value = (joint - evidence[row] - evidence[others]) + between[row, others]
        gains[row, others] = gains[others, row] = value + rules.person
        gains[row, row] = -np.inf

    for row in range(len(links)):
        weigh(row)
    best = gains.max(axis=1, initial=-np.inf)
    while alive.sum() > max(1, min_speakers):
        row = int(best.argmax())
        too_many = max_speakers is not None and alive.sum() > max_speakers
        if best[row] <= (-np.inf if too_many else 0):
            break
        kept, gone = sorted((row, int(gains[row].argmax())))
        alive[gone] = False
        people[people == gone] = kept
        precisions[kept] += precisions[gone]
        weighted[kept] += weighted[gone]
        between[kept] += between[gone]
        between[:, kept] = between[kept]
        evidence[kept] = voices.scatter.evidence(precisions[kept], weighted[kept])
        stale = np.flatnonzero(alive & np.isin(gains.argmax(axis=1), (kept, gone)))
        gains[gone], gains[:, gone] = -np.inf, -np.inf
        weigh(kept)
        best[gone] = -np.inf
        best = np.where(alive, np.maximum(best, gains[:, kept]), -np.inf)
        best[stale], best[kept] = gains[stale].max(axis=1), gains[kept].max()
    return np.unique(people, return_inverse=True)[1]


def refine_people(
    people: NDArray[np.int64],
    voices: VoiceEvidence,
    links: NDArray[np.float64],
    rules: LinkRules,
) -> NDArray[np.int64]:
    """Reassign each local speaker, given all others, until nothing changes; the last of a person stays."""
    people = people.copy()
    number = int(people.max(initial=-1)) + 1
    members = (people[:, None] == np.arange(number)).astype(float)  # (num_speakers, people)
    precisions, weighted = members.T @ voices.precisions, members.T @ voices.weighted
    for _ in range(ROUNDS):
        changed = False
        for row, (precision, weight) in enumerate(
            zip(voices.precisions, voices.weighted, strict=True)
        ):
            now = people[row]
            if members[:, now].sum() == 1:
                continue
            members[row, now] = 0
            precisions[now] -= precision
            weighted[now] -= weight
            joint = voices.scatter.evidence(precisions + precision, weighted + weight)
            alone = voices.scatter.evidence(precisions, weighted)
            best = int((joint - alone + links[row] @ members).argmax())
            changed |= best != now
            people[row], members[row, best] = best, 1
            precisions[best] += precision
            weighted[best] += weight
        if not changed:
            break
    return people
