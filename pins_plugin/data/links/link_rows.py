"""Rows of `links.json`, turns, tracks and words: here alone it stands how each is written and read.

Readers raise KeyError, TypeError or ValueError, which `LinkedVideo.from_links` puts into words. Seconds are kept to
the millisecond, pixels to a tenth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.types import FaceTrack, SpeakerFaceLink, TranscriptWord

LONGEST = 1e6  # seconds; no file is longer


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
        """Interpolate the box (4,) at `time` in seconds; the first and the last one beyond."""
        after = int(np.searchsorted(self.times, time))
        near = slice(
            max(after - 1, 0), after + 1
        )  # of a long track all would be copied for each picture
        return np.array([np.interp(time, self.times[near], side) for side in self.boxes[near].T])


def turn_row(link: SpeakerFaceLink) -> dict[str, Any]:
    """Write a turn."""
    return {
        "start": round(link.start, 3),
        "end": round(link.end, 3),
        "speaker": link.speaker,
        "person": link.person,
        "box": None if link.box is None else [round(float(value), 1) for value in link.box],
        "confidence": round(link.confidence, 4),
        "status": link.status,
        "evidence": {name: round(value, 3) for name, value in link.evidence.items()},
        "reviewed": "review" in link.evidence,
    }


def track_row(track: FaceTrack) -> dict[str, Any]:
    """Write a track."""
    boxes = np.column_stack([track.times.round(3), track.boxes.astype(np.float64).round(1)])
    return {
        "track": track.track,
        "person": track.person,
        "start": round(track.start, 3),
        "end": round(track.end, 3),
        "shot": track.shot,
        "quality": {name: round(float(value), 3) for name, value in track.quality.items()},
        "boxes": boxes.tolist(),
    }


def word_row(word: TranscriptWord) -> dict[str, Any]:
    """Write a word."""
    times = {"start": round(word.start, 3), "end": round(word.end, 3)}
    estimated = {"estimated": True} if word.estimated else {}
    return {**times, "text": word.text, "segment": word.segment, **estimated}


def read_turn(value: Mapping[str, Any]) -> SpeakerFaceLink:
    """Read a turn; `status` and `evidence` may be missing."""
    person, box = value["person"], value["box"]
    start, end = _span(value, "turn")
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


def read_track(value: Mapping[str, Any]) -> LinkedTrack:
    """Read a track; `shot` and `quality` may be missing, boxes in any order."""
    rows = np.asarray(value["boxes"], dtype=np.float64).reshape(-1, 5)
    if len(rows) == 0 or not (abs(rows) <= LONGEST).all():
        raise ValueError(f"track {value['track']!r} has no boxes, or boxes that are out of range")
    if any(second < first for first, second in pairwise(rows[:, 0])):
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
    person = value["person"]
    name = str(value["track"]) if person is None else str(person)
    shot = value.get("shot")
    shot = None if shot is None else int(shot)
    quality = {str(key): float(number) for key, number in (value.get("quality") or {}).items()}
    return LinkedTrack(str(value["track"]), name, rows[:, 0], rows[:, 1:], shot, quality)


def read_word(value: Mapping[str, Any]) -> TranscriptWord:
    """Read a word; `segment` and `estimated` may be missing."""
    start, end = _span(value, "word")
    segment, estimated = int(value.get("segment", 0)), bool(value.get("estimated", False))
    return TranscriptWord(start, end, str(value["text"]), segment, estimated)


def plain_turn(turn: SpeakerFaceLink) -> dict[str, Any]:
    """What a turn says, each of the kind that it should be."""
    return {**vars(turn), "box": None if turn.box is None else list(turn.box)}


def plain_track(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a track says, each of the kind that it should be."""
    track = read_track(row)
    person = None if row["person"] is None else track.person
    boxes = np.column_stack([track.times, track.boxes]).tolist()
    return {"track": track.track, "person": person, "boxes": boxes}


def _span(value: Mapping[str, Any], what: str) -> tuple[float, float]:
    start, end = float(value["start"]), float(value["end"])
    if not 0 <= start <= end <= LONGEST:
        raise ValueError(f"a {what} from {start} to {end} s")
    return start, end


def _four(box: Sequence[float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = map(float, box)
    if not all(map(isfinite, (x1, y1, x2, y2))):
        raise ValueError(f"a box of {box}")
    return x1, y1, x2, y2
