"""Where to cut a picture so that whoever speaks is in it: a steady path for vertical and square versions, and face crops."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import PinsError
from pins_plugin.types import SpeakerFaceLink
from pins_plugin.utils.text import csv_table, table_cell

SHORT_TURN = 0.8  # seconds: for a shorter word in between the picture does not turn
SMOOTHING = 1.5  # seconds over which the path is averaged
JUMP = 0.5  # of the crop's width: a nearer target is panned to, a farther one is cut to
ABOVE = 0.42  # of the crop's height: where the face's center goes
FACE_MARGIN = 1.7  # side of a face crop over the longer side of the box
PATH_COLUMNS = ("time", "x1", "y1", "x2", "y2", "person")


@dataclass(frozen=True, eq=False)
class CropPath:
    """Windows of one size over time.

    Parameters
    ----------
    times : (num_frames,) float64 array
        In seconds.
    windows : (num_frames, 4) int64 array
        x1, y1, x2, y2 in pixels of the original picture, inside of it, all of one even size.
    people : list of str or None
        Whom the window follows.
    """

    times: NDArray[np.float64]
    windows: NDArray[np.int64]
    people: list[str | None]


@dataclass(frozen=True, eq=False)
class SpeakingStretch:
    """A stretch in which somebody speaks and is seen: label, the face's track, seconds."""

    person: str
    track: LinkedTrack
    start: float
    end: float


def parse_shape(text: str) -> float:
    """Width over height of "9:16" or "1:1"."""
    match = re.fullmatch(r"(\d{1,3}):(\d{1,3})", text)
    if match is None or not int(match[1]) or not int(match[2]):
        raise PinsError(f"--shape: expected width:height such as 9:16 or 1:1, got {text!r}")
    return int(match[1]) / int(match[2])


def follow_speaker(
    linked: LinkedVideo, times: NDArray[np.float64], width: int, height: int, shape: float
) -> CropPath:
    """Find a window for each picture that holds whoever speaks, as steadily as possible.

    It follows the speaker who is seen, and stays where it was while nobody who is seen speaks; in a shot in which none
    of those who are seen speaks, it holds the largest face. Where the shot or the speaker changes it jumps if the other
    is far away, and pans if near.

    Parameters
    ----------
    times : (num_frames,) array
        Of the pictures, in seconds.
    width, height : int
        Of the picture, in pixels.
    shape : float
        Width over height of the window, which is as large as fits.
    """
    size = _even(min(width, height * shape)), _even(min(height, width / shape))
    targets, faces, people, shots = _targets(linked, times)
    centers = np.full((len(times), 2), (width / 2, height / 2))
    cuts = [0, *(np.flatnonzero(np.diff(shots)) + 1).tolist(), len(times)]
    for start, end in pairwise(cuts):
        for wanted in (faces[start:end], targets[start:end]):  # speakers, if there are any
            seen = np.isfinite(wanted).all(axis=1)
            if seen.any():  # hold what was seen last; before the first, that one
                last = np.maximum.accumulate(np.where(seen, np.arange(end - start), -1))
                centers[start:end] = wanted[np.where(last < 0, np.flatnonzero(seen)[0], last)]
    breaks = [0]
    for frame in range(1, len(times)):
        moved = np.abs(centers[frame] - centers[frame - 1]).max()
        if moved > JUMP * size[0] or shots[frame] != shots[frame - 1]:
            breaks.append(frame)
    for start, end in pairwise([*breaks, len(times)]):
        centers[start:end] = _smoothed(centers[start:end], times[start:end])
    corners = np.round(centers - np.array([size[0] / 2, size[1] * ABOVE])).astype(np.int64)
    corners = np.clip(corners, 0, [max(0, width - size[0]), max(0, height - size[1])])
    return CropPath(times, np.concatenate([corners, corners + size], axis=1), people)


def speaking_stretches(
    linked: LinkedVideo, turns: Iterable[SpeakerFaceLink], min_seconds: float
) -> list[SpeakingStretch]:
    """Stretches in which a face is in the picture while a turn that is linked to it is under way."""
    spans = [
        SpeakingStretch(track.person, track, max(turn.start, track.start), min(turn.end, track.end))
        for turn in turns
        for track in linked.tracks
        if track.person == turn.person
    ]
    return [each for each in spans if each.end - each.start >= min_seconds]


def face_windows(
    track: LinkedTrack, times: NDArray[np.float64], width: int, height: int
) -> NDArray[np.int64]:
    """Square windows (num_frames, 4) around a face, steady, of one size; they may reach out of the picture's edges."""
    boxes = np.stack([track.box_at(time) for time in times.tolist()])
    sides = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    side = _even(min(FACE_MARGIN * float(np.median(sides)), max(width, height)))
    centers = _smoothed((boxes[:, :2] + boxes[:, 2:]) / 2, times, SMOOTHING / 4)
    corners = np.round(centers - side / 2).astype(np.int64)
    return np.concatenate([corners, corners + side], axis=1)


def to_crop_path(path: CropPath) -> str:
    """CSV, one row for each picture: time, x1, y1, x2, y2, and whom the window follows."""
    rows = zip(path.times.tolist(), path.windows.tolist(), path.people, strict=True)
    return csv_table(PATH_COLUMNS, ((f"{time:.4f}", *window, table_cell(person or "")) for time, window, person in rows))  # fmt: skip


def _targets(
    linked: LinkedVideo, times: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str | None], list[int]]:
    """Centers of the speaker's and of the largest face (num_frames, 2) or NaN, who speaks, and the shot by the tracks."""
    targets, faces = np.full((2, len(times), 2), np.nan)
    people: list[str | None] = []
    shots: list[int] = []
    for frame, time in enumerate(times.tolist()):
        boxes = dict(linked.boxes_at(time))
        if boxes:
            box = max(boxes.values(), key=lambda box: box[3] - box[1])
            faces[frame] = (box[:2] + box[2:]) / 2
        shot = linked.shot_at(time)
        shots.append(shot if shot is not None else (shots[-1] if shots else 0))
        speaking = [turn for turn in linked.turns_at(time) if turn.person in boxes]
        long = [turn for turn in speaking if turn.end - turn.start >= SHORT_TURN]
        before = people[-1] if people else None
        person = before if before in boxes else None
        if long:
            best = max(long, key=lambda turn: (turn.confidence, turn.person == before))
            person = best.person
        elif person is None and speaking:
            person = speaking[0].person
        if person is not None and person in boxes:
            box = boxes[person]
            targets[frame] = (box[:2] + box[2:]) / 2
        people.append(person)
    return targets, faces, people, shots


def _smoothed(
    values: NDArray[np.float64], times: NDArray[np.float64], seconds: float = SMOOTHING
) -> NDArray[np.float64]:
    """Centered moving mean of (num_frames, 2) values; at the ends over what there is on either side."""
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(values, axis=0)])
    low = np.searchsorted(times, times - seconds / 2)
    high = np.searchsorted(times, times + seconds / 2, side="right")
    return np.asarray((sums[high] - sums[low]) / (high - low)[:, None])


def _even(value: float) -> int:
    return max(2, int(value) // 2 * 2)


def file_name(label: str, taken: Sequence[str] = ()) -> str:
    """A name of a file for a label, unlike those that are taken.

    Examples
    --------
    >>> file_name("Anna / <b>"), file_name("Anna ? <b>", ["Anna_b"])
    ('Anna_b', 'Anna_b_2')
    """
    plain = re.sub(r"[^\w.-]+", "_", label).strip("._")[:80] or "nobody"
    name, number = plain, 2
    while name.lower() in {each.lower() for each in taken}:
        name, number = f"{plain}_{number}", number + 1
    return name
