"""Simple ways to link turns to faces, for comparison: by chance, by size, by presence, by any score of a face.

They build on what `links.json` holds alone, faces (tracks) and speaker turns, so that they stand beside every linker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation
from scipy.optimize import linear_sum_assignment

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import VERSION

SHORTEST_PIECE = 0.32  # seconds; shorter parts of a turn join a neighbor
FRAME = 0.04  # seconds: how finely scores of an active-speaker network are read


@dataclass(frozen=True)
class Part:
    """Part of one turn during which the same faces are in the picture.

    Parameters
    ----------
    start, end : float
        In seconds.
    """

    start: float
    end: float
    speaker: str
    shown: tuple[LinkedTrack, ...]


Choice = Callable[[Part], LinkedTrack | None]
Row = tuple[float, float, str, str | None]  # start and end in seconds, speaker, person


def by_chance(seed: int) -> Choice:
    """Any face in the picture, or nobody, with equal chances."""
    generator = np.random.default_rng(seed)

    def choose(part: Part) -> LinkedTrack | None:
        choices = [*part.shown, None]
        return choices[generator.integers(len(choices))]

    return choose


def largest_face(part: Part) -> LinkedTrack | None:
    """The largest face in the picture."""
    return max(part.shown, key=lambda track: _size(track, part), default=None)


def by_score(score: Callable[[str, float, float], float | None]) -> Choice:
    """The face of the highest score; `score` takes the name of a track, start and end in seconds."""

    def choose(part: Part) -> LinkedTrack | None:
        scores = [score(track.track, part.start, part.end) for track in part.shown]
        ranked = [-np.inf if value is None else value for value in scores]
        return part.shown[int(np.argmax(ranked))] if ranked else None

    return choose


def by_presence(turns: Annotation, tracks: Sequence[LinkedTrack]) -> Choice:
    """The person who is most in the picture while a speaker speaks, one each; nobody while that person is not seen.

    Seconds in the picture are compared with those that the person's share of all turns would give, so that whoever is
    always in view fits nobody in particular.
    """
    speakers = sorted(map(str, turns.labels()))
    people = sorted({track.person for track in tracks})
    seconds = np.zeros((len(speakers), len(people)))
    for segment, _, speaker in turns.itertracks(yield_label=True):
        for track in tracks:
            shared = min(segment.end, track.end) - max(segment.start, track.start)
            seconds[speakers.index(str(speaker)), people.index(track.person)] += max(0.0, shared)
    total = np.array([turns.label_duration(speaker) for speaker in speakers])
    usual = total[:, None] * seconds.sum(axis=0) / max(1e-9, float(total.sum()))
    rows, columns = linear_sum_assignment(-(seconds - usual + 1e-3 * seconds))
    person_of = {
        speakers[row]: people[column]
        for row, column in zip(rows, columns, strict=True)
        if seconds[row, column] > 0
    }

    def choose(part: Part) -> LinkedTrack | None:
        person = person_of.get(part.speaker)
        own = [track for track in part.shown if track.person == person]
        return max(own, key=lambda track: _size(track, part), default=None)

    return choose


def link_turns(
    turns: Annotation, tracks: Sequence[LinkedTrack], duration: float, choose: Choice
) -> dict[str, Any]:
    """Link speaker turns, which may overlap, part by part.

    Parameters
    ----------
    duration : float
        Of the video, in seconds.
    choose : callable
        Which face speaks a part of a turn, or None.

    Returns
    -------
    links : dict
        The value of a `links.json`.
    """
    rows: list[Row] = []
    for part in cut_turns(turns, tracks):
        track = choose(part)
        rows.append((part.start, part.end, part.speaker, track.person if track else None))
    return _links(rows, tracks, duration)


def link_by_network(
    scores: Mapping[str, tuple[NDArray[np.floating], NDArray[np.floating]]],
    tracks: Sequence[LinkedTrack],
    duration: float,
    one_at_a_time: bool = False,
) -> dict[str, Any]:
    """Link whenever an active-speaker network says that a face speaks, without any turns.

    Networks that judge each face by itself call everybody's lips speech that move: of faces side by side all are named,
    the right one among them. With `one_at_a_time` the face of the largest value alone is.

    Parameters
    ----------
    scores : mapping of str to (times, values)
        By the name of the track; both (num_frames,), times in seconds. Above zero, a face speaks.
    duration : float
        In seconds.

    Returns
    -------
    links : dict
        The value of a `links.json`; a link for each stretch of time in which a face speaks.
    """
    rows: list[Row] = []
    if one_at_a_time:
        scores = _leave_largest(scores)
    for track in tracks:
        if track.track not in scores or len(scores[track.track][0]) == 0:
            continue
        times, values = scores[track.track]
        step = float(np.median(np.diff(times))) if len(times) > 1 else FRAME
        speaks = np.concatenate([[False], np.asarray(values) > 0, [False]])
        edges = np.flatnonzero(speaks[1:] != speaks[:-1])
        for first, last in edges.reshape(-1, 2):
            start, end = float(times[first]), float(times[last - 1]) + step
            rows.append((start, end, track.person, track.person))
    return _links(sorted(rows, key=lambda row: row[0]), tracks, duration)


def _leave_largest(
    scores: Mapping[str, tuple[NDArray[np.floating], NDArray[np.floating]]],
) -> dict[str, tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Put -inf in the place of values of faces beside which another one has a larger value."""
    kept = {}
    for name, (times, values) in scores.items():
        others = [
            np.interp(times, *series, left=-np.inf, right=-np.inf)
            for other, series in scores.items()
            if other != name and len(series[0])
        ]
        largest = np.max(others, axis=0) if others else np.full(len(times), -np.inf)
        kept[name] = (times, np.where(np.asarray(values) >= largest, values, -np.inf))
    return kept


def cut_turns(turns: Annotation, tracks: Sequence[LinkedTrack]) -> list[Part]:
    """Cut each turn where a face comes or goes."""
    changes = np.unique([time for track in tracks for time in (track.start, track.end)])
    parts = []
    for segment, _, speaker in turns.itertracks(yield_label=True):
        inside = changes[(changes > segment.start) & (changes < segment.end)]
        borders = [segment.start]
        for border in inside.tolist():
            if min(border - borders[-1], segment.end - border) >= SHORTEST_PIECE:
                borders.append(border)
        for start, end in pairwise([*borders, segment.end]):
            shown = tuple(
                track
                for track in tracks
                if min(end, track.end) - max(start, track.start) > 0.5 * (end - start)
            )
            parts.append(Part(start, end, str(speaker), shown))
    return sorted(parts, key=lambda part: (part.start, part.end))


def _size(track: LinkedTrack, part: Part) -> float:
    """Height of a face in the middle of a part, in pixels."""
    box = track.box_at(min(max((part.start + part.end) / 2, track.start), track.end))
    return float(box[3] - box[1])


def _links(rows: Sequence[Row], tracks: Sequence[LinkedTrack], duration: float) -> dict[str, Any]:
    links = [
        {
            "start": round(start, 3),
            "end": round(end, 3),
            "speaker": speaker,
            "person": person,
            "box": None,
            "confidence": 0.5,
        }
        for start, end, speaker, person in rows
    ]
    faces = [
        {
            "track": track.track,
            "person": track.person,
            "boxes": np.column_stack([track.times, track.boxes]).tolist(),
        }
        for track in tracks
    ]
    return {
        "version": VERSION,
        "video": "",
        "duration": duration,
        "links": links,
        "tracks": faces,
    }
