"""What `links.json` holds, checked and made easy to look up by time.

Reports and scores build on this file format alone, so that they serve any program that writes it: version 1,
with `video`, `duration`, `links` (turns) and `tracks` (faces), and perhaps `words` (a transcript).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.links.link_rows import LONGEST, LinkedTrack, read_track, read_turn, read_word
from pins_plugin.errors import LinksError
from pins_plugin.types import SpeakerFaceLink, TranscriptWord

VERSION = 1  # of the file format; readers refuse others
# Seconds that a box holds before its first and after its last time; chosen, not measured
REACH = 0.02


class Timetable:
    """Finds which spans (start, end), in seconds, are under way at a time, without looking at all of them.

    Examples
    --------
    >>> Timetable([(0.0, 5.0), (3.0, 4.0), (70.0, 71.0)]).near(3.5)
    [0, 1]
    """

    def __init__(self, spans: Sequence[tuple[float, float]]) -> None:
        starts, ends = np.array(spans, np.float64).reshape(-1, 2).T
        self._order = np.argsort(starts, kind="stable")
        self._starts, self._ends = starts[self._order], ends[self._order]
        self._latest = np.maximum.accumulate(self._ends)  # end of this span and all before

    def near(self, time: float) -> list[int]:
        """Numbers of the spans that hold `time`, both ends included, in order."""
        first = int(np.searchsorted(self._latest, time, "left"))
        last = int(np.searchsorted(self._starts, time, "right"))
        holding = np.flatnonzero(self._ends[first:last] >= time) + first
        return sorted(self._order[holding].tolist())


@dataclass(frozen=True)
class LinkedVideo:
    """The turns, faces and people of one video.

    Parameters
    ----------
    video : str
        As written in the file.
    duration : float
        In seconds.
    turns : list of SpeakerFaceLink
        In order of time.
    tracks : list of LinkedTrack
        In order of time.
    notes : tuple of str
        What whoever reads the links should know.
    words : tuple of TranscriptWord
        What is said, in order of time; empty without a transcript.
    """

    video: str
    duration: float
    turns: list[SpeakerFaceLink]
    tracks: list[LinkedTrack]
    notes: tuple[str, ...] = ()
    words: tuple[TranscriptWord, ...] = ()

    @classmethod
    def from_links(cls, links: Mapping[str, Any]) -> "LinkedVideo":
        """Read the value of a `links.json` file.

        Raises
        ------
        LinksError
            When something needed is missing or of the wrong kind.
        """
        if not isinstance(links, Mapping) or links.get("version") != VERSION:
            got = links.get("version") if isinstance(links, Mapping) else type(links).__name__
            raise LinksError(
                f"links: expected an object of version {VERSION}, got {got!r}; write it with `pins link`"
            )
        try:
            turns = sorted(map(read_turn, links["links"]), key=lambda turn: (turn.start, turn.end))
            tracks = sorted(map(read_track, links["tracks"]), key=lambda track: track.start)
            video, duration = str(links["video"]), float(links["duration"])
            notes = tuple(map(str, links.get("notes") or ()))
            words = tuple(
                sorted(map(read_word, links.get("words") or ()), key=lambda word: word.start)
            )
            if not 0 <= duration <= LONGEST:
                raise ValueError(f"a duration of {duration} s")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            what = f"no {error}" if isinstance(error, KeyError) else error
            raise LinksError(
                f"links: not of the expected form ({what}); write it with `pins link`"
            ) from error
        return cls(video, duration, turns, tracks, notes, words)

    @cached_property
    def person_labels(self) -> tuple[str, ...]:
        """Whose faces are seen: who speaks first, then the others, each in order of appearance."""
        linked = [turn.person for turn in self.turns if turn.person is not None]
        return tuple(dict.fromkeys(linked + [track.person for track in self.tracks]))

    @cached_property
    def speaker_labels(self) -> tuple[str, ...]:
        """Who is heard, in order of appearance."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns))

    @cached_property
    def _timetables(self) -> tuple[Timetable, Timetable]:
        """Of the turns, and of the tracks."""
        return (
            Timetable([(turn.start, turn.end) for turn in self.turns]),
            Timetable([(track.start - REACH, track.end + REACH) for track in self.tracks]),
        )

    def turns_at(self, time: float) -> list[SpeakerFaceLink]:
        """Turns that are under way at `time`."""
        near = [self.turns[number] for number in self._timetables[0].near(time)]
        return [turn for turn in near if turn.start <= time < turn.end]

    def boxes_at(self, time: float) -> list[tuple[str, NDArray[np.float64]]]:
        """Person and box (4,) of each face in the picture at `time`."""
        return [(track.person, track.box_at(time)) for track in self._tracks_at(time)]

    def shot_at(self, time: float) -> int | None:
        """Shot of the faces in the picture at `time`, or None."""
        shots = (track.shot for track in self._tracks_at(time))
        return next((shot for shot in shots if shot is not None), None)

    def _tracks_at(self, time: float) -> list[LinkedTrack]:
        return [self.tracks[number] for number in self._timetables[1].near(time)]

    def name_of_speaker(self, speaker: str) -> str | None:
        """The person that most of a speaker's time was linked to, or None."""
        seconds: dict[str | None, float] = {}
        for turn in self.turns:
            if turn.speaker == speaker:
                seconds[turn.person] = seconds.get(turn.person, 0.0) + turn.end - turn.start
        return max(seconds, key=lambda person: seconds[person], default=None)


def __getattr__(name: str) -> Any:
    if name in ("add_words", "read_links"):  # their import path in version 0.1
        from pins_plugin.data.links import links_file

        return getattr(links_file, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
