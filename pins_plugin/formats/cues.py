"""Who says what when: words go to turns, turns become stretches of one name, stretches become subtitles.

A word goes to the turn in which its middle lies; where turns overlap, to the likelier one. Words outside of all turns stay,
under the name `UNKNOWN`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pins_plugin.data.links.linked_video import LinkedVideo, Timetable
from pins_plugin.types import SpeakerFaceLink, TranscriptWord
from pins_plugin.utils.text import one_line

UNKNOWN = "unknown speaker"
MAX_PAUSE = 1.5  # seconds between words of one subtitle
MAX_SECONDS = 6.0  # of one subtitle
MAX_LETTERS = 84  # of one subtitle: two lines of 42
DENSE = re.compile(r"[\u0e00-\u0eff\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
LEAST = 0.001  # seconds; nothing is shorter, because subtitles without a duration are not shown


@dataclass(frozen=True)
class Cue:
    """A stretch of one name.

    Parameters
    ----------
    start, end : float
        In seconds, to the millisecond; `end` is the later one.
    name : str
        Of the person, or else of the voice; `UNKNOWN` for words outside of all turns.
    text : str
        What is said, as one line; empty without a transcript.
    turn : int or None
        Number of the turn in `LinkedVideo.turns`.
    words : tuple of TranscriptWord
        Of which `text` is made, in subtitles.
    """

    start: float
    end: float
    name: str
    text: str = ""
    turn: int | None = None
    words: tuple[TranscriptWord, ...] = ()


def name_of(turn: SpeakerFaceLink) -> str:
    """Name of whoever speaks, as one line: the person where one is known, else the voice's label."""
    return one_line(turn.person if turn.person is not None else turn.speaker) or UNKNOWN


def assign_words(linked: LinkedVideo) -> list[int | None]:
    """Find the turn of each word.

    Returns
    -------
    numbers : list of int or None
        For each of `linked.words`, the number of its turn in `linked.turns`; None outside of all turns. In overlap, the
        turn of more confidence; of two equal ones that of the word before, then the shorter one.
    """
    turns = linked.turns
    timetable = Timetable([(turn.start, turn.end) for turn in turns])
    numbers: list[int | None] = []
    for word in linked.words:
        time = word.middle
        before = numbers[-1] if numbers else None
        ranks = [
            (turns[n].confidence, n == before, turns[n].start - turns[n].end, -place, n)
            for place, n in enumerate(timetable.near(time))
            if time < turns[n].end or turns[n].start == turns[n].end
        ]
        numbers.append(max(ranks)[-1] if ranks else None)
    return numbers


def make_stretches(linked: LinkedVideo) -> list[Cue]:
    """One cue for each turn, with all that is said in it, and for each run of words outside of all turns.

    Returns
    -------
    stretches : list of Cue
        In order of time; those of several names may overlap.
    """
    said: dict[int, list[str]] = {}
    stretches = []
    for number, words in _runs(linked, joined=True):
        if number is None:
            end = max(word.end for word in words)
            stretches.append(_cue(words[0].start, end, UNKNOWN, _text(words)))
        else:
            said.setdefault(number, []).append(_text(words))
    for number, turn in enumerate(linked.turns):
        text = " ".join(said.get(number, ()))
        stretches.append(_cue(turn.start, turn.end, name_of(turn), text, number))
    return sorted(stretches, key=lambda cue: (cue.start, cue.end))


def make_cues(linked: LinkedVideo) -> list[Cue]:
    """Subtitles: each of one name, one segment of the transcript, at most two lines.

    Without a transcript, one for each turn, without text. Turns in which no word lies are left out where there is a
    transcript.
    """
    if not linked.words:
        return make_stretches(linked)
    cues = [
        _cue(
            part[0].start,
            max(word.end for word in part),
            UNKNOWN if number is None else name_of(linked.turns[number]),
            _text(part),
            number,
            part,
        )
        for number, words in _runs(linked)
        for part in _portions(words)
    ]
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def make_tiers(linked: LinkedVideo) -> dict[str, list[Cue]]:
    """Stretches by name, for formats whose tiers allow no overlap: what overlaps within one name is joined."""
    tiers: dict[str, list[Cue]] = {}
    for cue in make_stretches(linked):
        tier = tiers.setdefault(cue.name, [])
        if tier and cue.start < tier[-1].end:
            last = tier[-1]
            text = " ".join(filter(None, (last.text, cue.text)))
            tier[-1] = replace(last, end=max(last.end, cue.end), text=text)
        else:
            tier.append(cue)
    return tiers


def _runs(
    linked: LinkedVideo, joined: bool = False
) -> Iterator[tuple[int | None, list[TranscriptWord]]]:
    """Words of one turn that follow each other; parted at segments and long pauses unless `joined`."""
    run: list[TranscriptWord] = []
    now: int | None = None
    for word, number in zip(linked.words, assign_words(linked), strict=True):
        parted = number != now
        if run and not (joined and number is not None):
            parted |= word.segment != run[-1].segment or word.start - run[-1].end > MAX_PAUSE
        if parted and run:
            yield now, run
            run = []
        run.append(word)
        now = number
    if run:
        yield now, run


def _portions(words: Sequence[TranscriptWord]) -> Iterator[Sequence[TranscriptWord]]:
    """Cut a run of words into subtitles of about equal length, none too long."""
    seconds = words[-1].end - words[0].start
    parts = max(1, -int(-seconds // MAX_SECONDS), -(-len(_text(words)) // MAX_LETTERS))
    while parts < len(words):
        portions = _cut(words, parts)
        if all(len(_text(portion)) <= MAX_LETTERS for portion in portions):
            yield from portions
            return
        parts += 1
    for word in words:
        yield [word]


def _cut(words: Sequence[TranscriptWord], parts: int) -> list[Sequence[TranscriptWord]]:
    total = len(_text(words)) + 1
    portions: list[list[TranscriptWord]] = [[] for _ in range(parts)]
    passed = 0
    for word in words:
        size = len(word.text) + 1
        portions[min(parts - 1, int((passed + size / 2) * parts / total))].append(word)
        passed += size
    return [portion for portion in portions if portion]


def _text(words: Sequence[TranscriptWord]) -> str:
    """Words with a space between, but not in writing that has none (Chinese, Japanese, Thai)."""
    text = ""
    for word in words:
        dense = text and DENSE.match(text[-1]) and DENSE.match(word.text)
        text += word.text if dense or not text else f" {word.text}"
    return one_line(text)


def _cue(
    start: float,
    end: float,
    name: str,
    text: str,
    turn: int | None = None,
    words: Sequence[TranscriptWord] = (),
) -> Cue:
    start = round(start, 3)
    return Cue(start, round(max(end, start + LEAST), 3), name, text, turn, tuple(words))
