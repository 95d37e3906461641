"""What is said and when: words become timed phones; phones become tracks of the vocal tract and of the mouth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pins_plugin.simulation.person import Person
from pins_plugin.simulation.phones import MOUTH_PARAMETERS, PHONES, VOCABULARY

REACH = 0.06  # seconds over which a phone's hold on the lips fades to 1/e
ANTICIPATION = 0.02  # seconds by which the lips lead the sound
LEAD, TAIL = 0.12, 0.15  # seconds of silence before and after what is said
PAUSE = 0.05  # seconds of silence between words, about


@dataclass(frozen=True)
class Word:
    """A word and when it sounds, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, eq=False)
class Utterance:
    """Timed phones: phone i sounds from boundaries[i] to boundaries[i + 1] (seconds)."""

    phones: tuple[str, ...]  # names in `PHONES`, silence included, without gaps
    boundaries: NDArray[np.float64]  # (num_phones + 1,)
    words: tuple[Word, ...]

    @property
    def duration(self) -> float:
        """Seconds from first to last boundary."""
        return float(self.boundaries[-1])


def say(words: Sequence[str], person: Person, generator: np.random.Generator) -> Utterance:
    """Lay out words of `VOCABULARY` in time, at the person's own pace."""
    pace = np.exp(-0.16 * person.voice["rate"])
    phones: list[str] = ["sil"]
    durations: list[float] = [LEAD]
    spans: list[tuple[str, int, int]] = []
    for word in words:
        spans.append((word, len(phones), len(phones) + len(VOCABULARY[word])))
        phones.extend(VOCABULARY[word])
        durations.extend(
            PHONES[name].duration * pace * np.exp(0.12 * generator.standard_normal())
            for name in VOCABULARY[word]
        )
        phones.append("sil")
        durations.append(PAUSE * np.exp(0.4 * generator.standard_normal()))
    durations[-1] = TAIL
    boundaries = np.concatenate([[0.0], np.cumsum(durations)])
    times = boundaries.tolist()
    spoken = tuple(Word(text, times[first], times[last]) for text, first, last in spans)
    return Utterance(tuple(phones), boundaries, spoken)


def mouth_track(
    utterance: Utterance, times: NDArray[np.float64], articulation: float = 1.0
) -> NDArray[np.float64]:
    """Follow the mouth through an utterance: times (num_times,) in seconds to mouths (num_times, 7).

    Each phone pulls the mouth toward its target with a strength that decays on both sides of it; the mouth is the
    weighted mean of all pulls (dominance functions: Cohen and Massaro 1993, "Modeling coarticulation in synthetic
    visual speech"). `articulation` is how far this person moves the lips, about 1; columns as `MOUTH_PARAMETERS`.

    Examples
    --------
    >>> silent = Utterance(("sil",), np.array([0.0, 1.0]), ())
    >>> float(mouth_track(silent, np.array([0.5]))[0, 0])
    0.02
    """
    targets = np.array([PHONES[name].mouth for name in utterance.phones])  # (num_phones, 7)
    grips = np.array([PHONES[name].grip for name in utterance.phones])
    starts, ends = utterance.boundaries[:-1], utterance.boundaries[1:]
    at = times[:, None] + ANTICIPATION
    distance = np.maximum(np.maximum(starts - at, at - ends), 0.0)  # 0 inside the phone
    inside = np.abs(at - (starts + ends) / 2) / np.maximum(ends - starts, 1e-3)  # 0 at the center
    pulls = grips * np.exp(-distance / (REACH / 3) - 1.2 * np.minimum(inside, 0.5))
    pulls += 1e-9
    mouths: NDArray[np.float64] = (pulls @ targets) / pulls.sum(axis=1, keepdims=True)
    mouths[:, : MOUTH_PARAMETERS.index("press")] *= articulation
    return mouths
