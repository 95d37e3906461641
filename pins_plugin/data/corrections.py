"""Corrections of links by a person who looked: what the page of a video exports."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.errors import LinksError
from pins_plugin.types import FaceTrack, SpeakerFaceLink

VERSION = 1
TOLERANCE = 0.05  # seconds by which the times of a turn may differ


@dataclass(frozen=True)
class Correction:
    """Who really speaks in one turn; `person` is None for nobody on screen."""

    start: float
    end: float
    speaker: str
    person: str | None


def read_corrections(path: str | Path) -> list[Correction]:
    """Read a file of corrections.

    Raises
    ------
    LinksError
        When the file is missing, no JSON, or of another form.
    """
    path = Path(path)
    if not path.is_file():
        raise LinksError(f"{path}: no such file; export corrections from the page of the video")
    try:
        value: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if value["version"] != VERSION:
            raise LinksError(f"{path}: expected version {VERSION}, got {value['version']!r}")
        return [_correction(row) for row in value["corrections"]]
    except (ValueError, KeyError, TypeError) as error:
        raise LinksError(
            f"{path}: no file of corrections ({type(error).__name__}: {error}); export it from the page of the video"
        ) from error


def apply_corrections(
    links: Sequence[SpeakerFaceLink],
    tracks: Sequence[FaceTrack],
    corrections: Sequence[Correction],
) -> list[SpeakerFaceLink]:
    """Give each corrected turn the person that was said to speak, with confidence 1.

    Parameters
    ----------
    links : sequence of SpeakerFaceLink
    tracks : sequence of FaceTrack
        With `person` set.
    corrections : sequence of Correction

    Raises
    ------
    LinksError
        When a correction fits no turn, or names somebody whose face is not in the video.
    """
    corrected = list(links)
    people = sorted({track.person for track in tracks if track.person is not None})
    for correction in corrections:
        where = (
            f"turn of {correction.speaker} from {correction.start:.2f} to {correction.end:.2f} s"
        )
        place = next((i for i, link in enumerate(links) if _fits(link, correction)), None)
        if place is None:
            raise LinksError(f"corrections: no {where}; were they made for this video?")
        if correction.person is not None and correction.person not in people:
            raise LinksError(
                f"corrections: {where} names {correction.person!r}; expected one of {', '.join(people)}"
            )
        corrected[place] = replace(
            links[place],
            person=correction.person,
            box=_mean_box(correction, tracks),
            confidence=1.0,
            status="off screen" if correction.person is None else "on screen",
        )
    return corrected


def _correction(row: Mapping[str, Any]) -> Correction:
    person = row["person"]
    name = None if person is None else str(person)
    return Correction(float(row["start"]), float(row["end"]), str(row["speaker"]), name)


def _fits(link: SpeakerFaceLink, correction: Correction) -> bool:
    return (
        link.speaker == correction.speaker
        and abs(link.start - correction.start) <= TOLERANCE
        and abs(link.end - correction.end) <= TOLERANCE
    )


def _mean_box(
    correction: Correction, tracks: Sequence[FaceTrack]
) -> tuple[float, float, float, float] | None:
    """Mean box of the person during the turn, None when not in the picture."""
    boxes = [
        track.boxes[(track.times >= correction.start) & (track.times < correction.end)]
        for track in tracks
        if track.person is not None and track.person == correction.person
    ]
    seen = np.concatenate(boxes) if boxes else np.zeros((0, 4))
    if len(seen) == 0:
        return None
    x1, y1, x2, y2 = map(float, seen.mean(axis=0))
    return x1, y1, x2, y2
