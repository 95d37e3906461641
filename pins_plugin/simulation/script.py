"""The script of a scene: who talks when, and whom the camera shows meanwhile."""

from dataclasses import dataclass, replace

import numpy as np

from pins_plugin.simulation.person import Person
from pins_plugin.simulation.phones import VOCABULARY
from pins_plugin.simulation.utterance import Utterance, Word, say

FRAME_RATE = 25  # Hz
SHOT_LENGTH = (2.0, 5.0)  # seconds, shortest and longest
WORDS_PER_TURN = (4, 10)
CUT_IN = (0.3, 1.2)  # seconds by which somebody starts before another has ended
HIDDEN_SHARE = 0.45  # how readily someone who is not seen takes a turn


@dataclass(frozen=True)
class Turn:
    """One person talks: `person` is a place in the cast, `start` in seconds is where the utterance begins."""

    person: int
    start: float
    utterance: Utterance

    @property
    def speech(self) -> tuple[float, float]:
        """When the first word begins and the last one ends, in seconds."""
        words = self.words
        return words[0].start, words[-1].end

    @property
    def words(self) -> tuple[Word, ...]:
        """The words in the scene's time."""
        return tuple(
            Word(word.text, self.start + word.start, self.start + word.end)
            for word in self.utterance.words
        )


@dataclass(frozen=True)
class Shot:
    """A stretch between two cuts: `framed` are the places in the cast that it shows, left to right.

    `place` numbers the set, which decides the background.
    """

    start: float
    end: float
    framed: tuple[int, ...]
    place: int = 0


@dataclass(frozen=True)
class Script:
    """A whole scene."""

    cast: tuple[Person, ...]
    labels: tuple[str, ...]  # what each of the cast is called in the truth that is written
    turns: tuple[Turn, ...]  # in order of their starts; at most two at once
    shots: tuple[Shot, ...]  # without gaps from 0 to the end
    seed: tuple[int, ...]  # of everything that is drawn later

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.shots[-1].end


def write_script(
    cast: tuple[Person, ...],
    labels: tuple[str, ...],
    seed: tuple[int, ...],
    *,
    seconds: float,
    hidden: frozenset[int] = frozenset(),
    present: tuple[int, ...] | None = None,
    overlap: float = 0.0,
) -> Script:
    """Make up a conversation of about `seconds`; the last turn is finished.

    Those at the places `present` in the cast (by default all) take part; those at `hidden` are heard but never seen.
    `overlap` is the probability that somebody starts to talk before another has ended.
    """
    generator = np.random.default_rng([*seed, 0])
    present = tuple(range(len(cast))) if present is None else present
    turns: list[Turn] = []
    now = float(generator.uniform(0.2, 0.8))
    while now < seconds - 1.5:
        others = [i for i in present if not turns or turns[-1].person != i] or list(present)
        spoken = {turn.person for turn in turns}
        weights = np.array(
            [(HIDDEN_SHARE if i in hidden else 1.0) * (1 if i in spoken else 4) for i in others]
        )
        person = int(generator.choice(others, p=weights / weights.sum()))
        words = generator.choice(list(VOCABULARY), size=generator.integers(*WORDS_PER_TURN))
        utterance = say(words.tolist(), cast[person], generator)
        turns.append(Turn(person, now, utterance))
        now += utterance.duration + float(generator.uniform(0.0, 0.5))
        if overlap and len(present) > 1 and generator.random() < overlap:
            ends = [turn.start + turn.utterance.duration for turn in turns]
            now = max(ends[-1] - float(generator.uniform(*CUT_IN)), *ends[-2:-1], turns[-1].start)
    now = max([now, *(turn.start + turn.utterance.duration for turn in turns)])
    visible = tuple(i for i in present if i not in hidden)
    shots = _cut(turns, visible, now + 0.3, generator)
    return Script(cast, labels, tuple(turns), shots, seed)


def join_scripts(scripts: list[Script], seed: tuple[int, ...]) -> Script:
    """Play scripts of one and the same cast one after the other, each on its own set."""
    turns: list[Turn] = []
    shots: list[Shot] = []
    now = 0.0
    for place, script in enumerate(scripts):
        turns += [replace(turn, start=turn.start + now) for turn in script.turns]
        shots += [Shot(s.start + now, s.end + now, s.framed, place) for s in script.shots]
        now += script.duration
    return Script(scripts[0].cast, scripts[0].labels, tuple(turns), tuple(shots), seed)


def _cut(
    turns: list[Turn], visible: tuple[int, ...], end: float, generator: np.random.Generator
) -> tuple[Shot, ...]:
    """Cut between close-ups of the speaker or a listener and shots of two or of all."""
    shots: list[Shot] = []
    now, end = 0.0, round(end * FRAME_RATE) / FRAME_RATE  # cuts fall between frames
    while now < end:
        length = float(generator.uniform(*SHOT_LENGTH))
        until = end if end - now - length < SHOT_LENGTH[0] else now + length
        until = round(until * FRAME_RATE) / FRAME_RATE
        middle = (now + until) / 2
        speaker = min(turns, key=lambda turn: abs(sum(turn.speech) / 2 - middle)).person
        framed = _frame(speaker, visible, shots[-1].framed if shots else (), generator)
        if shots and shots[-1].framed == framed:
            shots[-1] = replace(shots[-1], end=until)
        else:
            shots.append(Shot(now, until, framed))
        now = until
    return tuple(shots)


def _frame(
    speaker: int,
    visible: tuple[int, ...],
    before: tuple[int, ...],
    generator: np.random.Generator,
) -> tuple[int, ...]:
    if not visible:
        return ()
    center = (
        speaker
        if speaker in visible and generator.random() < 0.8
        else int(generator.choice(visible))
    )
    kind = generator.choice(["close", "two", "all"], p=[0.5, 0.25, 0.25])
    if len(visible) == 1 or kind == "close":
        framed: tuple[int, ...] = (center,)
    elif kind == "two":
        others = [i for i in visible if i != center]
        framed = tuple(sorted((center, int(generator.choice(others)))))
    else:
        framed = visible
    if framed == before and len(visible) > 1:
        framed = visible if len(framed) < len(visible) else (center,)
    return framed
