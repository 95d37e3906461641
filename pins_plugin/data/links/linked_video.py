"""What `links.json` holds, checked and made easy to look up by time.

Reports and scores build on this file format alone, so that they serve any program that writes it: version 1,
with `video`, `duration`, `links` (turns) and `tracks` (faces), and perhaps `words` (a transcript).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import LinksError
from pins_plugin.types import SpeakerFaceLink, TranscriptWord
from pins_plugin.utils.files import read_json

VERSION = 1  # of the file format; readers refuse others
LONGEST = 1e6  # seconds; no file is longer
# Seconds that a box holds before its first and after its last time; chosen, not measured
REACH = 0.02


@dataclass(frozen=True, eq=False)
class LinkedTrack:
    """One face in one shot.

    Parameters
    ----------
    person : str
        Label of the face; the track's own name where faces were not grouped.
    times : (num_boxes,) float64 array
        In seconds, increasing.
    boxes : (num_boxes, 4) float64 array
        x1, y1, x2, y2 in pixels of the original picture.
    shot : int or None
        Which shot of the video, where the file says so.
    quality : dict of str to float
        Such as frontality; empty where the file does not say.
    """

    track: str
    person: str
    times: NDArray[np.float64]
    boxes: NDArray[np.float64]
    shot: int | None = None
    quality: dict[str, float] = field(default_factory=dict)

    @property
    def start(self) -> float:
        """Time of the first box, in seconds."""
        return float(self.times[0])

    @property
    def end(self) -> float:
        """Time of the last box, in seconds."""
        return float(self.times[-1])

    def box_at(self, time: float) -> NDArray[np.float64]:
        """Interpolate the box (4,) at `time` in seconds."""
        after = int(np.clip(np.searchsorted(self.times, time), 1, len(self.times) - 1))
        if len(self.times) == 1:
            return self.boxes[0]
        first, second = self.times[after - 1], self.times[after]
        weight = float(np.clip((time - first) / max(second - first, 1e-9), 0, 1))
        return (1 - weight) * self.boxes[after - 1] + weight * self.boxes[after]


class Timetable:
    """Finds what is under way at a time, without looking at all there is; as large as the number of spans.

    Parameters
    ----------
    spans : sequence of (start, end)
        In seconds.

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
    people : tuple of str
        Whose faces are seen: who speaks first, then the others, each in order of appearance.
    speakers : tuple of str
        Who is heard, in order of appearance.
    notes : tuple of str
        What whoever reads the links should know.
    words : tuple of TranscriptWord
        What is said, in order of time; empty without a transcript.
    """

    video: str
    duration: float
    turns: list[SpeakerFaceLink]
    tracks: list[LinkedTrack]
    people: tuple[str, ...]
    speakers: tuple[str, ...]
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
            turns = sorted(map(_turn, links["links"]), key=lambda turn: (turn.start, turn.end))
            tracks = sorted(map(_track, links["tracks"]), key=lambda track: track.start)
            video, duration = str(links["video"]), float(links["duration"])
            notes = tuple(map(str, links.get("notes") or ()))
            words = tuple(sorted(map(_word, links.get("words") or ()), key=lambda word: word.start))
            if not 0 <= duration <= LONGEST:
                raise ValueError(f"a duration of {duration} s")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            what = f"no {error}" if isinstance(error, KeyError) else error
            raise LinksError(
                f"links: not of the expected form ({what}); write it with `pins link`"
            ) from error
        seen = [track.person for track in tracks]
        linked = [turn.person for turn in turns if turn.person is not None]
        speakers = tuple(dict.fromkeys(turn.speaker for turn in turns))
        people = tuple(dict.fromkeys(linked + seen))
        return cls(video, duration, turns, tracks, people, speakers, notes, words)

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
        return [
            (track.person, track.box_at(time))
            for track in (self.tracks[number] for number in self._timetables[1].near(time))
            if track.start - REACH <= time <= track.end + REACH
        ]

    def shot_at(self, time: float) -> int | None:
        """Shot of the faces in the picture at `time`, or None."""
        near = (self.tracks[number] for number in self._timetables[1].near(time))
        shots = (t.shot for t in near if t.start - REACH <= time <= t.end + REACH)
        return next((shot for shot in shots if shot is not None), None)

    def name_of_speaker(self, speaker: str) -> str | None:
        """The person that most of a speaker's time was linked to, or None."""
        seconds: dict[str | None, float] = {}
        for turn in self.turns:
            if turn.speaker == speaker:
                seconds[turn.person] = seconds.get(turn.person, 0.0) + turn.end - turn.start
        return max(seconds, key=lambda person: seconds[person], default=None)


def read_links(path: str | Path) -> dict[str, Any]:
    """Read a `links.json` file; entries that are known are of the kind that they should be.

    Raises
    ------
    LinksError
        When the file is missing, no JSON, or of another form.
    """
    links: dict[str, Any] = read_json(
        path, LinksError, "the links.json that `pins link` writes", finite=True
    )
    LinkedVideo.from_links(links)
    return {
        **links,
        "video": str(links["video"]),
        "duration": float(links["duration"]),
        "notes": [str(note) for note in links.get("notes") or ()],
        "links": [{**row, **_plain_turn(_turn(row))} for row in links["links"]],
        "tracks": [{**row, **_plain_track(row)} for row in links["tracks"]],
    }


def _plain_turn(turn: SpeakerFaceLink) -> dict[str, Any]:
    """What a turn says, each of the kind that it should be."""
    plain = {**vars(turn), "box": None if turn.box is None else list(turn.box)}
    return {name: plain[name] for name in ("start", "end", "speaker", "person", "box", "confidence",
                                           "status", "evidence")}  # fmt: skip


def _plain_track(row: Mapping[str, Any]) -> dict[str, Any]:
    track = _track(row)
    person = None if row["person"] is None else track.person
    boxes = np.column_stack([track.times, track.boxes]).tolist()
    return {"track": track.track, "person": person, "boxes": boxes}


def _turn(value: Mapping[str, Any]) -> SpeakerFaceLink:
    person, box = value["person"], value["box"]
    start, end = float(value["start"]), float(value["end"])
    if not 0 <= start <= end <= LONGEST:
        raise ValueError(f"a turn from {start} to {end} s")
    status = value.get("status") or ("off screen" if person is None else "on screen")
    evidence = {str(name): float(llr) for name, llr in (value.get("evidence") or {}).items()}
    confidence = float(value["confidence"])
    if not (0 <= confidence <= 1 and all(map(isfinite, evidence.values()))):
        raise ValueError(f"a confidence of {confidence}, evidence of {evidence}")
    return SpeakerFaceLink(
        start=start,
        end=end,
        speaker=str(value["speaker"]),
        person=None if person is None else str(person),
        box=None if box is None else _four(box),
        confidence=confidence,
        status=str(status),
        evidence=evidence,
    )


def _word(value: Mapping[str, Any]) -> TranscriptWord:
    start, end = float(value["start"]), float(value["end"])
    if not 0 <= start <= end <= LONGEST:
        raise ValueError(f"a word from {start} to {end} s")
    return TranscriptWord(
        start,
        end,
        str(value["text"]),
        int(value.get("segment", 0)),
        bool(value.get("estimated", False)),
    )


def add_words(links: Mapping[str, Any], words: Sequence[TranscriptWord]) -> dict[str, Any]:
    """Put a transcript into the value of a `links.json`, in place of the one that is there."""
    rows = [
        {
            "start": round(word.start, 3),
            "end": round(word.end, 3),
            "text": word.text,
            "segment": word.segment,
            **({"estimated": True} if word.estimated else {}),
        }
        for word in words
    ]
    return {**links, "words": rows}


def _track(value: Mapping[str, Any]) -> LinkedTrack:
    rows = np.asarray(value["boxes"], dtype=np.float64).reshape(-1, 5)
    if len(rows) == 0 or not (abs(rows) <= LONGEST).all():
        raise ValueError(f"track {value['track']!r} has no boxes, or boxes that are out of range")
    if any(second < first for first, second in pairwise(rows[:, 0])):
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
    person = value["person"]
    name = str(value["track"]) if person is None else str(person)
    shot = value.get("shot")
    quality = {str(key): float(number) for key, number in (value.get("quality") or {}).items()}
    return LinkedTrack(
        str(value["track"]),
        name,
        rows[:, 0],
        rows[:, 1:],
        None if shot is None else int(shot),
        quality,
    )


def _four(box: Sequence[float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = map(float, box)
    if not all(map(isfinite, (x1, y1, x2, y2))):
        raise ValueError(f"a box of {box}")
    return x1, y1, x2, y2
