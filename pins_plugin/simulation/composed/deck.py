"""One-person clips, and how stretches of them are drawn for scenes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pins_plugin.errors import MediaError
from pins_plugin.simulation.composed.script import FADE, MIN_TURN, Segment, Stretch, Voice

MIN_SILENCE = 0.3  # seconds of rest that a listener can be made of
TURN_EDGE = 0.2  # seconds around speech that a turn may hold


class Clip(NamedTuple):
    """A clip that shows and sounds one person; all times in seconds."""

    person: str
    path: Path
    duration: float
    speech: tuple[tuple[float, float], ...] = ()  # (start, end), when the person speaks
    level: float = 0.0  # root mean square of the speech
    face: float = 0.0  # height of the face in pixels, 0 when it was not measured
    # (start, end) of shorter rests, for a clip without one of `MIN_SILENCE`
    pauses: tuple[tuple[float, float], ...] = ()

    @property
    def silences(self) -> list[tuple[float, float]]:
        """Rests of at least `MIN_SILENCE`, or else `pauses`."""
        edges = [0.0, *(side for region in self.speech for side in region), self.duration - 0.04]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return [(a, b) for a, b in pairs if b - a >= MIN_SILENCE] or list(self.pauses)

    def speech_in(self, start: float, duration: float) -> tuple[tuple[float, float], ...]:
        """Speech of a stretch, in seconds from its start."""
        parts = [(max(0.0, a - start), min(duration, b - start)) for a, b in self.speech]
        return tuple((a, b) for a, b in parts if b - a >= MIN_TURN)


@dataclass(frozen=True)
class Deck:
    """Clips to draw from, and what a scene of them shall be like.

    Turns are drawn around the speech of the clips. `blind_turns` are so many turns drawn anywhere in them, whose speech
    is found when a scene is composed.
    """

    clips: Sequence[Clip]
    generator: np.random.Generator
    lengths: tuple[float, float] = (0.7, 4.0)  # shortest and longest turn, in seconds
    seconds: float = 20.0  # about how long a scene is, without `blind_turns`
    blind_turns: int | None = None

    @property
    def people(self) -> list[str]:
        """Whoever there are clips of, sorted."""
        return sorted({clip.person for clip in self.clips})

    @property
    def listeners(self) -> list[str]:
        """Whoever rests for a while in some clip, sorted."""
        return sorted({clip.person for clip in self.clips if clip.silences})

    def of(self, people: Sequence[str] | set[str]) -> "Deck":
        """A deck of these people only."""
        return replace(self, clips=[clip for clip in self.clips if clip.person in people])

    def is_enough(self, segments: Sequence[Segment]) -> bool:
        """Whether a scene is as long as it shall be."""
        if self.blind_turns:
            return len(segments) >= self.blind_turns
        return sum(segment.duration for segment in segments) >= self.seconds

    def draw_people(self, number: int, among: Sequence[str] | None = None) -> list[str]:
        """Different people, in random order.

        Raises
        ------
        MediaError
            When there are fewer.
        """
        people = self.people if among is None else list(among)
        if len(people) < number:
            what = "" if among is None else " with a rest of 0.3 s or more"
            raise MediaError(
                f"a scene of {number} people needs clips of as many{what}, got {len(people)}: add clips"
            )
        return [people[i] for i in self.generator.choice(len(people), number, replace=False)]

    def draw(self, without: set[str | None] | frozenset[str | None] = frozenset()) -> Voice:
        """Draw a person, one of the clips, and a stretch of it, as a voice; MediaError when nobody is left."""
        people = sorted(set(self.people) - without)
        if not people:
            raise MediaError("a scene of this kind needs clips of more people: add clips")
        person = people[self.generator.integers(len(people))]
        return self.draw_of(person)

    def draw_of(self, person: str, lengths: tuple[float, float] | None = None) -> Voice:
        """Draw a stretch of one person."""
        shortest, longest = lengths or self.lengths
        own = [clip for clip in self.clips if clip.person == person]
        own = own if self.blind_turns else [clip for clip in own if clip.speech] or own
        clip = own[self.generator.integers(len(own))]
        length = clip.duration
        duration = self.generator.uniform(min(shortest, length), min(longest, length))
        if self.blind_turns or not clip.speech:
            start = self.generator.uniform(0.0, length - duration)
            stretch = Stretch(person, clip.path, round(start, 3))
            return Voice(stretch, round(duration, 2))
        long = [each for each in clip.speech if each[1] - each[0] >= min(duration, 1.0)]
        region = (long or clip.speech)[self.generator.integers(len(long or clip.speech))]
        first, last = max(0.0, region[0] - TURN_EDGE), min(length, region[1] + TURN_EDGE)
        duration = on_grid(min(duration, last - first))
        start = round(self.generator.uniform(first, max(first, last - duration)), 3)
        return self.voice(clip, start, duration)

    def voice(self, clip: Clip, start: float, duration: float) -> Voice:
        """The voice of a stretch of a clip, with its speech known."""
        stretch = Stretch(clip.person, clip.path, start)
        return Voice(stretch, duration, speech=clip.speech_in(start, duration), fade=FADE)

    def fit(self, stretch: Stretch, duration: float) -> Stretch:
        """Move a stretch so that its clip lasts for `duration`, or choose the person's longest clip."""
        own = [clip for clip in self.clips if clip.person == stretch.person]
        long = [clip for clip in own if clip.duration >= duration]
        long = long or [max(own, key=lambda clip: clip.duration)]
        clip = long[self.generator.integers(len(long))]
        room = max(0.0, clip.duration - duration)
        if self.blind_turns:
            return Stretch(stretch.person, clip.path, round(self.generator.uniform(0.0, room), 3))
        starts = self.generator.uniform(0.0, room, 5).round(3).tolist()  # where lips move most
        spoken = [sum(b - a for a, b in clip.speech_in(start, duration)) for start in starts]
        return Stretch(stretch.person, clip.path, starts[int(np.argmax(spoken))])

    def rest(self, person: str) -> Stretch:
        """Somebody who listens: a silence of the person's, back and forth, often slowed."""
        own = [clip for clip in self.clips if clip.person == person]
        rests = [(clip, silence) for clip in own for silence in clip.silences]
        if not rests:
            raise MediaError(f"{person}: has no rest of {MIN_SILENCE} s in any clip; add clips")
        length = np.array([end - start for _, (start, end) in rests])
        clip, (start, end) = rests[self.generator.choice(len(rests), p=length / length.sum())]
        # lips part before and close after the sound
        margin = max(0.0, min(0.1, (end - start - 0.25) / 2))
        start, end = round(start + margin, 3), round(end - margin, 3)
        speed = round(float(self.generator.uniform(0.4, 1.0)), 2)
        return Stretch(person, clip.path, start, end, speed=speed, silent=True)

    def clip_of(self, stretch: Stretch) -> Clip:
        """The clip that a stretch is of."""
        return next(clip for clip in self.clips if clip.path == stretch.path)


def on_grid(seconds: float) -> float:
    """Round to whole pictures at 25 Hz, at least one."""
    return max(1, round(seconds * 25)) / 25
