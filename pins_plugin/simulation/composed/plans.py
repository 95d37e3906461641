"""What is shown and heard in each kind of composed scene."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from pins_plugin.simulation.composed.conversation import plan_conversation
from pins_plugin.simulation.composed.deck import Deck, on_grid
from pins_plugin.simulation.composed.script import Segment, Stretch, Voice

OFFSETS = (-0.32, 0.32)  # seconds by which the sound of a clip may come late
ZOOMS = (-0.03, 0.03)  # share of its size by which a photograph grows each second
FACE_SIZES = (24, 60)  # pixels


def plan_turns(deck: Deck) -> list[Segment]:
    """Cut from speaker to speaker: each turn shows whoever is heard, neighbors show different people."""
    segments: list[Segment] = []
    previous = None
    while not deck.is_enough(segments):
        voice = deck.draw(without={previous})
        previous = voice.stretch.person
        segments.append(Segment(voice.duration, (voice.stretch,), (voice,)))
    return segments


def plan_side_by_side(deck: Deck, num_panels: int) -> list[Segment]:
    """Show `num_panels` people together, all moving; one is heard at a time."""
    people = deck.draw_people(num_panels)
    segments: list[Segment] = []
    speaker = None
    while not deck.is_enough(segments):
        speaker = deck.generator.choice([person for person in people if person != speaker])
        voices = {person: deck.draw_of(person) for person in people}
        heard = voices[speaker]
        panels = tuple(
            heard.stretch if person == speaker else deck.fit(voices[person].stretch, heard.duration)
            for person in people
        )
        segments.append(Segment(heard.duration, panels, (heard,)))
    return segments


def plan_voice_over(deck: Deck, silent: bool = False) -> list[Segment]:
    """One or two people are shown by turns; a third is heard off screen in every second turn.

    The face that is shown meanwhile talks on, or rests where `silent`.
    """
    among = deck.listeners if silent else None
    number = min(3, len(deck.people))
    if silent:
        shown = deck.draw_people(number - 1, among)
        hidden = deck.of(set(deck.people) - set(shown)).draw_people(1)[0]
    else:
        *shown, hidden = deck.draw_people(number)
    segments: list[Segment] = []
    while not deck.is_enough(segments):
        voice = deck.of(shown).draw()
        seen = voice.stretch
        if len(segments) % 2:
            voice = deck.of([hidden]).draw()
            seen = deck.rest(seen.person) if silent else deck.fit(seen, voice.duration)
        segments.append(Segment(voice.duration, (seen,), (voice,)))
    return segments


def plan_photographs(deck: Deck, narrated: bool = False) -> list[Segment]:
    """Somebody who is not shown speaks over photographs of others, which the camera nears or leaves.

    Between two photographs somebody who is shown speaks; where `narrated`, nobody is ever seen to speak.
    """
    *others, narrator = deck.draw_people(min(4, len(deck.people)))
    segments: list[Segment] = []
    while not deck.is_enough(segments):
        voice = deck.of(others).draw()
        seen = voice.stretch
        if narrated or len(segments) % 2:
            voice = deck.of([narrator]).draw()
            zoom = float(deck.generator.uniform(*ZOOMS))
            seen = replace(seen, speed=0.0, silent=True, zoom=zoom)
        segments.append(Segment(voice.duration, (seen,), (voice,)))
    return segments


def plan_reaction(deck: Deck) -> list[Segment]:
    """Cut to a listener while the speaker talks on, and often back again."""
    segments: list[Segment] = []
    previous = None
    while not deck.is_enough(segments):
        voice = deck.draw(without={previous})
        previous = voice.stretch.person
        listeners = [person for person in deck.listeners if person != previous]
        if voice.duration < 1.2 or not listeners or deck.generator.random() < 0.25:
            segments.append(Segment(voice.duration, (voice.stretch,), (voice,)))
            continue
        first, second = sorted(deck.generator.uniform(0.2, 0.8, 2))
        back = deck.generator.random() < 0.5 and (second - first) * voice.duration > 0.5
        second = second if back else 1.0
        cuts = [0.0, *(on_grid(voice.duration * share) for share in (first, second))]
        cuts = sorted({*cuts, voice.duration})
        listener = deck.rest(str(deck.generator.choice(listeners)))
        for number, (begin, end) in enumerate(pairwise(cuts)):
            shown = listener if number == 1 else voice.stretch.later(begin)
            segments.append(Segment(end - begin, (shown,), () if number else (voice,)))
    return segments


def plan_dubbed(deck: Deck, cast: Sequence[str]) -> tuple[list[Segment], dict[str, str]]:
    """Cut from speaker to speaker of a cast, each with somebody else's voice, the same one all through; also whose."""
    people = deck.draw_people(len(deck.people))
    following = dict(zip(people, [*people[1:], people[0]], strict=True))
    dubbing = {person: following[person] for person in cast}
    segments: list[Segment] = []
    previous = None
    while not deck.is_enough(segments):
        seen = deck.of(cast).draw(without={previous})
        previous = seen.stretch.person
        length = (seen.duration, seen.duration)
        voice = replace(deck.draw_of(dubbing[previous], length), speaker=previous)
        segments.append(Segment(voice.duration, (seen.stretch,), (voice,)))
    return segments, dubbing


def offset_clips(segments: Sequence[Segment], deck: Deck) -> tuple[list[Segment], dict[str, float]]:
    """Give each clip of segments of one panel and one voice a constant offset of its own.

    Also returns the offsets: seconds by which the sound comes late, by file name of the clip.
    """
    offsets: dict[Path, float] = {}
    moved = []
    for segment in segments:
        (voice,) = segment.voices
        clip = deck.clip_of(voice.stretch)
        if clip.path not in offsets:
            offsets[clip.path] = round(float(deck.generator.uniform(*OFFSETS)), 2)
        offset = offsets[clip.path]
        duration = min(segment.duration, on_grid(clip.duration - abs(offset) - 0.04))
        last = clip.duration - duration - max(0.0, offset)
        start = round(min(max(voice.stretch.start, -offset, 0.0), last), 3)
        seen = replace(segment.panels[0], start=start + offset)
        moved.append(Segment(duration, (seen,), (deck.voice(clip, start, duration),)))
    return moved, {path.name: offset for path, offset in offsets.items()}


def shrink_faces(segments: Sequence[Segment], deck: Deck) -> list[Segment]:
    """Show each person so small that faces measure 24 to 60 pixels, the same all through."""
    sizes: dict[str, float] = {}

    def small(stretch: Stretch) -> Stretch:
        face = deck.clip_of(stretch).face
        size = sizes.setdefault(stretch.person, float(deck.generator.uniform(*FACE_SIZES)))
        return replace(stretch, scale=size / face) if face else stretch

    return [
        replace(segment, panels=tuple(small(panel) for panel in segment.panels))
        for segment in segments
    ]


def level_voices(segments: Sequence[Segment], deck: Deck, spread: float = 3.0) -> list[Segment]:
    """Make all voices about equally loud: each person within some dB (standard deviation) of the others."""
    louder: dict[str, float] = {}

    def leveled(voice: Voice) -> Voice:
        clip = deck.clip_of(voice.stretch)
        decibels = louder.setdefault(clip.person, float(deck.generator.normal(0.0, spread)))
        return (
            replace(voice, gain=0.06 / clip.level * 10 ** (decibels / 20)) if clip.level else voice
        )

    return [
        replace(segment, voices=tuple(leveled(voice) for voice in segment.voices))
        for segment in segments
    ]


def plan_long(deck: Deck) -> list[Segment]:
    """A file of all kinds in turn, with a cast of up to eight."""
    cast = deck.of(deck.draw_people(min(8, len(deck.people))))
    segments: list[Segment] = []
    while not deck.is_enough(segments):
        part = replace(cast, seconds=float(deck.generator.uniform(10, 40)))
        kind = deck.generator.integers(6)
        if kind == 0:
            segments += plan_turns(part)
        elif kind == 1:
            segments += plan_side_by_side(part, 2)
        elif kind == 2:
            segments += plan_voice_over(part, silent=bool(deck.generator.integers(2)))
        elif kind == 3:
            segments += plan_reaction(part)
        else:
            segments += plan_conversation(part, 2, overlap=kind - 4.0, silent=True)
    return segments
