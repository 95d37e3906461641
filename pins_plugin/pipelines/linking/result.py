"""What linking a video gives: pyannote annotations, tracks and links, and the files made of them."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from pyannote.core import Annotation, Segment

from pins_plugin.pipelines.diarization.rttm import write_rttm
from pins_plugin.types import FaceTrack, SpeakerFaceLink
from pins_plugin.utils.files import write_json_rows, write_text
from pins_plugin.utils.text import table_cell

VERSION = 1  # of the file format; readers refuse others
LIPS = "The lips of {} do not fit the sound: dubbed, or out of sync"
COLUMNS = ("start", "end", "speaker", "person", "status", "confidence", "x1", "y1", "x2", "y2")


@dataclass(frozen=True)
class LinkingResult:
    """Who speaks when, whose faces are seen when, and which belong together.

    Parameters
    ----------
    video : str
        Path of the video.
    duration : float
        In seconds.
    speakers : Annotation
        The turns, labeled by speaker.
    faces : Annotation
        When each person is on screen.
    tracks : list of FaceTrack
    links : list of SpeakerFaceLink
        In order of time.
    offset : float
        Seconds by which the sound was found to come late.
    notes : list of str
        What whoever reads the result should know.
    unreadable : list of str
        People who speak on screen, with lips that do not fit the sound.
    given_speakers : tuple of str
        Labels of given turns that look like those of faces, and are no names of these.
    """

    video: str
    duration: float
    speakers: Annotation
    faces: Annotation
    tracks: list[FaceTrack]
    links: list[SpeakerFaceLink]
    offset: float = 0.0
    notes: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    given_speakers: tuple[str, ...] = ()

    @property
    def talking_faces(self) -> Annotation:
        """The turns, labeled by the person whose face speaks; turns of nobody on screen are left out."""
        return self._turns([link.person for link in self.links])

    @property
    def people(self) -> Annotation:
        """All turns, labeled by the person where one was found, else by the speaker."""
        return self._turns([link.person or link.speaker for link in self.links])

    def _turns(self, labels: Sequence[str | None]) -> Annotation:
        turns = Annotation(uri=self.speakers.uri)
        for number, (link, label) in enumerate(zip(self.links, labels, strict=True)):
            if label is not None:
                turns[Segment(link.start, link.end), number] = label
        return turns

    @property
    def speaker_diarization(self) -> Annotation:
        """What pyannote's own commands write and score: `people`."""
        return self.people

    def serialize(self) -> dict[str, Any]:
        """What pyannote's own commands write as JSON: `to_json`."""
        return self.to_json()

    def rename(
        self, names: Mapping[str, str], speakers: Mapping[str, str] | None = None
    ) -> "LinkingResult":
        """Give people and speakers other labels.

        Parameters
        ----------
        names : mapping of str to str
            Old to new.
        speakers : mapping of str to str, optional
            For speakers whose labels, as those of given turns, are other people's among the faces.
        """
        voices = {**names, **(speakers or {})}
        return replace(
            self,
            given_speakers=tuple((speakers or {}).values()),
            speakers=self.speakers.rename_labels(voices),
            faces=self.faces.rename_labels(names),
            unreadable=[names.get(label, label) for label in self.unreadable],
            tracks=[
                replace(track, person=names.get(str(track.person), track.person))
                for track in self.tracks
            ],
            links=[
                replace(
                    link,
                    speaker=voices.get(link.speaker, link.speaker),
                    person=None if link.person is None else names.get(link.person, link.person),
                )
                for link in self.links
            ],
        )

    def to_json(self) -> dict[str, Any]:
        """Give the content of `links.json`, version 1."""
        return {
            "version": VERSION,
            "video": self.video,
            "duration": round(self.duration, 3),
            "sound_offset": round(self.offset, 3),
            "notes": [*self.notes, *self._about_lips()],
            **({"given_speakers": list(self.given_speakers)} if self.given_speakers else {}),
            "links": [_link_to_dict(link) for link in self.links],
            "tracks": [_track_to_dict(track) for track in self.tracks],
        }

    def _about_lips(self) -> list[str]:
        if not self.unreadable:
            return []
        return [LIPS.format(", ".join(dict.fromkeys(self.unreadable)))]

    def write_json(self, path: str | Path) -> None:
        """Write `links.json`."""
        write_json_rows(path, self.to_json())

    def write_rttm(self, path: str | Path) -> None:
        """Write the turns of the speakers as RTTM."""
        write_rttm(path, [self.speakers])


def write_links_table(path: str | Path, links: Mapping[str, Any]) -> None:
    """Write the links of a `links.json` as CSV, one row each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for link in links["links"]:
        numbers = [f"{link[name]:.3f}" for name in ("start", "end", "confidence")]
        box = [f"{value:.1f}" for value in link["box"]] if link["box"] else [""] * 4
        labels = [table_cell(link[name] or "") for name in ("speaker", "person", "status")]
        writer.writerow([*numbers[:2], *labels, numbers[2], *box])
    write_text(path, text.getvalue())


def people_of(links: Mapping[str, Any], uri: str) -> Annotation:
    """Make the turns of a `links.json`, labeled by the person where one was found, else by the speaker."""
    named = Annotation(uri=uri)
    for number, link in enumerate(links["links"]):
        named[Segment(link["start"], link["end"]), number] = link["person"] or link["speaker"]
    return named


def rename_links(links: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Give people and speakers of a `links.json` other labels, also in notes; `names` maps old to new."""

    given = set(links.get("given_speakers") or ())

    def renamed(row: Mapping[str, Any]) -> dict[str, Any]:
        labels = {key: row[key] for key in ("person", "speaker") if row.get(key) is not None}
        if labels.get("speaker") in given:
            del labels["speaker"]
        return {**row, **{key: names.get(label, label) for key, label in labels.items()}}

    def told(note: str) -> str:
        before, after = LIPS.split("{}")
        if not names or not (note.startswith(before) and note.endswith(after)):
            return note
        people = note.removeprefix(before).removesuffix(after)
        labels = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        whole = rf"(?:^|(?<=, ))(?:{labels})(?=, |$)"
        return LIPS.format(re.sub(whole, lambda found: names[found[0]], people))

    return {
        **links,
        **({"notes": [told(note) for note in links["notes"]]} if "notes" in links else {}),
        "links": [renamed(row) for row in links["links"]],
        "tracks": [renamed(row) for row in links["tracks"]],
    }


def _link_to_dict(link: SpeakerFaceLink) -> dict[str, Any]:
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


def _track_to_dict(track: FaceTrack) -> dict[str, Any]:
    rows = np.column_stack([track.times.round(3), track.boxes.astype(np.float64).round(1)])
    return {
        "track": track.track,
        "person": track.person,
        "start": round(track.start, 3),
        "end": round(track.end, 3),
        "shot": track.shot,
        "quality": {name: round(float(value), 3) for name, value in track.quality.items()},
        "boxes": rows.tolist(),
    }
