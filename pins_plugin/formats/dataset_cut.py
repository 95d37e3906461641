"""Which stretches of a linked video make clips of a data set, and why the others do not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan, degrees

import numpy as np

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import PinsError
from pins_plugin.formats.crop_path import SpeakingStretch, speaking_stretches
from pins_plugin.utils.text import csv_table, table_cell

NOSE = 0.6  # how far the nose stands out, over the distance of the eyes
TOUCH = 0.05  # seconds of overlap, or of a gap, that are none


@dataclass(frozen=True)
class ClipFilters:
    """What a clip must be; the defaults are what users of such data sets ask for.

    Parameters
    ----------
    min_seconds, max_seconds : float
        Shorter stretches are left out, longer ones divided.
    one_face : bool
        No other face is in the picture.
    min_size : float
        Of the face: the longer side of its box in pixels, median.
    max_yaw : float
        In degrees, estimated from where the nose stands between the eyes; of the whole track.
    min_confidence : float
        Of the link.
    overlap : bool
        Keep what is said while somebody else speaks.
    """

    min_seconds: float = 3.0
    max_seconds: float = 15.0
    one_face: bool = True
    min_size: float = 80.0
    max_yaw: float = 45.0
    min_confidence: float = 0.8
    overlap: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.min_seconds <= self.max_seconds:
            raise PinsError(
                f"lengths: expected 0 < min_seconds <= max_seconds, got {self.min_seconds:g} and {self.max_seconds:g}"
            )


@dataclass(frozen=True, eq=False)
class DatasetClip(SpeakingStretch):
    """One clip: who speaks, the face's track, seconds, and what was measured of it."""

    confidence: float
    size: float
    yaw: float | None


@dataclass(frozen=True)
class LeftOut:
    """A stretch that makes no clip, and why."""

    person: str
    track: str
    start: float
    end: float
    reason: str


def choose_clips(
    linked: LinkedVideo, filters: ClipFilters
) -> tuple[list[DatasetClip], list[LeftOut]]:
    """Find the clips of a linked video, and the reason for each stretch of a turn that is none.

    Returns
    -------
    clips : list of DatasetClip
        In order of time.
    left_out : list of LeftOut
        Together with the clips they make up all turns.
    """
    clips: list[DatasetClip] = []
    left: list[LeftOut] = []
    for number, turn in enumerate(linked.turns):
        name = turn.person or turn.speaker
        if turn.person is None:
            left.append(LeftOut(name, "", turn.start, turn.end, "no face is linked to this voice"))
            continue
        mine = speaking_stretches(linked, [turn], 1e-3)
        unseen = _minus([(turn.start, turn.end)], [(each.start, each.end) for each in mine])
        left += [LeftOut(name, "", *gap, "the face is not in the picture") for gap in unseen]
        for stretch in mine:
            kept, out = _choose(linked, number, stretch, filters)
            clips += kept
            left += out
    return sorted(clips, key=lambda clip: clip.start), sorted(left, key=lambda each: each.start)


def estimate_yaw(frontality: float) -> float:
    """Angle in degrees, away from the camera, of a face of that frontality (1 frontal, 0 profile); rough.

    Examples
    --------
    >>> round(estimate_yaw(1.0)), round(estimate_yaw(0.5))
    (0, 23)
    """
    return degrees(atan((1 - frontality) / (2 * NOSE)))


def left_out_table(rows: Iterable[tuple[str, LeftOut]]) -> str:
    """CSV: video, start, end, person, track, reason."""
    return csv_table(
        ("video", "start", "end", "person", "track", "reason"),
        (
            (table_cell(video), f"{each.start:.3f}", f"{each.end:.3f}", table_cell(each.person), table_cell(each.track), each.reason)
            for video, each in rows
        ),
    )  # fmt: skip


def _choose(
    linked: LinkedVideo, number: int, stretch: SpeakingStretch, filters: ClipFilters
) -> tuple[list[DatasetClip], list[LeftOut]]:
    turn, track = linked.turns[number], stretch.track

    def out(start: float, end: float, reason: str) -> LeftOut:
        return LeftOut(stretch.person, track.track, start, end, reason)

    sides = np.maximum(track.boxes[:, 2] - track.boxes[:, 0], track.boxes[:, 3] - track.boxes[:, 1])
    inside = (track.times >= stretch.start - TOUCH) & (track.times <= stretch.end + TOUCH)
    size = float(np.median(sides[inside] if inside.any() else sides))
    frontality = track.quality.get("frontality")
    yaw = None if frontality is None else estimate_yaw(frontality)
    reason = ""
    if turn.confidence < filters.min_confidence:
        reason = f"confidence {turn.confidence:.2f}, asked for {filters.min_confidence:g}"
    elif size < filters.min_size:
        reason = f"a face of {size:.0f} pixels, asked for {filters.min_size:g}"
    elif yaw is not None and yaw > filters.max_yaw:
        reason = f"turned away by {yaw:.0f} degrees, at most {filters.max_yaw:g} asked for"
    if reason:
        return [], [out(stretch.start, stretch.end, reason)]
    parts = [(stretch.start, stretch.end)]
    others = [(each.start, each.end) for k, each in enumerate(linked.turns) if k != number]
    faces = [(each.start, each.end) for each in linked.tracks if each is not track]
    clips: list[DatasetClip] = []
    left: list[LeftOut] = []
    for barred, why, spans in (
        (not filters.overlap, "somebody else speaks too", others),
        (filters.one_face, "another face is in the picture", faces),
    ):
        free = _minus(parts, spans) if barred else parts
        left += [out(*gap, why) for gap in _minus(parts, free)]
        parts = free
    for start, end in parts:
        if end - start < filters.min_seconds:
            reason = f"{end - start:.2f} s long, at least {filters.min_seconds:g} asked for"
            left.append(out(start, end, reason))
            continue
        count = int(np.ceil((end - start) / filters.max_seconds - 1e-9))
        if (end - start) / count < filters.min_seconds:  # rather one that is cut than two too short
            count = max(1, count - 1)
        for first, edge in pairwise(np.linspace(start, end, count + 1).tolist()):
            last = min(edge, first + filters.max_seconds)
            measured = (turn.confidence, size, yaw)
            clips.append(DatasetClip(stretch.person, track, first, last, *measured))
            if edge - last > TOUCH:
                reason = f"over {filters.max_seconds:g} s, the rest too short for a clip"
                left.append(out(last, edge, reason))
    return clips, left


def _minus(
    spans: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """What of some spans lies outside of all others."""
    left = list(spans)
    for start, end in others:
        parts = []
        for first, last in left:
            parts += [(first, min(last, start)), (max(first, end), last)] if start < last and end > first else [(first, last)]  # fmt: skip
        left = [(first, last) for first, last in parts if last - first > TOUCH]
    return sorted(left)
