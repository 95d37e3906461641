"""People side by side who take turns, at times talk at once, and listen meanwhile."""

from dataclasses import dataclass, replace
from itertools import pairwise

from pins_plugin.simulation.composed.deck import Deck, on_grid
from pins_plugin.simulation.composed.script import Segment, Stretch, Voice

BACKCHANNEL = (0.3, 0.8)  # seconds
OVERLAP = (0.3, 1.6)  # seconds by which somebody cuts in
GAP = (0.0, 0.4)  # seconds between turns that do not overlap


@dataclass(frozen=True)
class _Turn:
    person: str
    begin: float  # seconds of the scene
    voice: Voice

    @property
    def end(self) -> float:
        return self.begin + self.voice.duration


def plan_conversation(
    deck: Deck, num_panels: int, *, overlap: float = 0.0, silent: bool = True
) -> list[Segment]:
    """Show `num_panels` people together who talk in turn.

    `overlap` is how readily somebody cuts in or says "mhm" meanwhile: 0 never, 1 at every turn. Who does not speak
    listens with a resting mouth where `silent`, else moves it like a speaker. A new segment begins whenever somebody
    starts or stops to talk; voices go on over several.
    """
    people = deck.draw_people(num_panels, deck.listeners if silent else None)
    turns = _take_turns(deck, people, overlap)
    turns += _say_mhm(deck, people, turns, overlap)
    total = max(turn.end for turn in turns)
    marks = {0.0, *(turn.begin for turn in turns), *(turn.end for turn in turns)}
    edges = sorted({_tidy(mark) for mark in marks})
    seen = {person: _picture(deck, person, turns, total, silent) for person in people}
    segments = []
    for begin, end in pairwise(edges):
        panels = []
        for person in people:
            since, stretch = max(
                (part for part in seen[person] if part[0] <= begin + 0.001),
                key=lambda part: part[0],
            )
            panels.append(stretch.later(begin - since))
        voices = tuple(turn.voice for turn in turns if _tidy(turn.begin) == begin)
        segments.append(Segment(_tidy(end - begin), tuple(panels), voices))
    return segments


def _take_turns(deck: Deck, people: list[str], overlap: float) -> list[_Turn]:
    turns: list[_Turn] = []
    generator = deck.generator
    while not turns or turns[-1].end < deck.seconds:
        others = [person for person in people if not turns or person != turns[-1].person]
        person = others[generator.integers(len(others))]
        voice = deck.draw_of(person)
        if not turns:
            begin = float(generator.uniform(0.0, 0.4))
        elif generator.random() < overlap:
            shared = generator.uniform(*OVERLAP)
            shared = min(shared, 0.7 * turns[-1].voice.duration, 0.7 * voice.duration)
            begin = turns[-1].end - shared
        else:
            begin = turns[-1].end + generator.uniform(*GAP)
        before = [turn.end for turn in turns[:-1]]  # never three at once
        turns.append(_Turn(person, on_grid(max([begin, 0.04, *before])), voice))
    return turns


def _say_mhm(deck: Deck, people: list[str], turns: list[_Turn], overlap: float) -> list[_Turn]:
    """Short words of somebody else in the middle of a turn."""
    added = []
    for number, turn in enumerate(turns):
        begin = max([turn.begin, *(other.end for other in turns[:number])]) + 0.2
        end = min([turn.end, *(other.begin for other in turns[number + 1 :])]) - 0.2
        if deck.generator.random() >= overlap or end - begin < BACKCHANNEL[1]:
            continue
        others = [person for person in people if person != turn.person]
        person = others[deck.generator.integers(len(others))]
        voice = deck.draw_of(person, BACKCHANNEL)
        start = on_grid(deck.generator.uniform(begin, max(begin, end - voice.duration)))
        if voice.duration <= end - start:
            added.append(_Turn(person, start, voice))
    return added


def _picture(
    deck: Deck, person: str, turns: list[_Turn], total: float, silent: bool
) -> list[tuple[float, Stretch]]:
    """What is seen of a person, and since when: speaks, or does not."""
    own = sorted((turn for turn in turns if turn.person == person), key=lambda turn: turn.begin)
    seen: list[tuple[float, Stretch]] = []
    now = 0.0
    for turn in [*own, None]:
        until = total if turn is None else turn.begin
        if until > now + 0.001:
            seen.append((now, _idle(deck, person, until - now, silent)))
        if turn is not None:
            seen.append((turn.begin, turn.voice.stretch))
            now = turn.end
    return seen


def _idle(deck: Deck, person: str, duration: float, silent: bool) -> Stretch:
    if silent:
        return deck.rest(person)
    stretch = deck.fit(Stretch(person, deck.clips[0].path, 0.0), duration)
    longest = max(clip.duration for clip in deck.clips if clip.path == stretch.path)
    if longest >= duration:
        return stretch
    return replace(stretch, start=0.0, end=longest - 0.04)  # back and forth: lips move on


def _tidy(seconds: float) -> float:
    """Without the last digits of sums."""
    return round(seconds * 25) / 25
