"""What linking a video gives: pyannote annotations, tracks and links, and the files made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pyannote.core import Annotation

from pins_plugin.data.links.link_rows import track_row, turn_row
from pins_plugin.data.links.linked_video import VERSION
from pins_plugin.data.links.links_file import LIPS
from pins_plugin.pipelines.diarization.rttm import write_rttm
from pins_plugin.pipelines.diarization.turns import annotate
from pins_plugin.types import FaceTrack, SpeakerFaceLink
from pins_plugin.utils.files import write_json_rows


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
        return annotate(
            [(link.start, link.end, link.person) for link in self.links], self.speakers.uri
        )

    @property
    def people(self) -> Annotation:
        """All turns, labeled by the person where one was found, else by the speaker."""
        rows = [(link.start, link.end, link.person or link.speaker) for link in self.links]
        return annotate(rows, self.speakers.uri)

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
        """Give people and speakers other labels, old to new; `speakers` are for labels that are other people's among the faces."""
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
        notes = list(self.notes)
        if self.unreadable:
            notes.append(LIPS.format(", ".join(dict.fromkeys(self.unreadable))))
        return {
            "version": VERSION,
            "video": self.video,
            "duration": round(self.duration, 3),
            "sound_offset": round(self.offset, 3),
            "notes": notes,
            **({"given_speakers": list(self.given_speakers)} if self.given_speakers else {}),
            "links": [turn_row(link) for link in self.links],
            "tracks": [track_row(track) for track in self.tracks],
        }

    def write_json(self, path: str | Path) -> None:
        """Write `links.json`."""
        write_json_rows(path, self.to_json())

    def write_rttm(self, path: str | Path) -> None:
        """Write the turns of the speakers as RTTM."""
        write_rttm(path, [self.speakers])


def people_of(links: Mapping[str, Any], uri: str) -> Annotation:
    """Make the turns of a `links.json`, labeled by the person where one was found, else by the speaker."""
    rows = [(row["start"], row["end"], row["person"] or row["speaker"]) for row in links["links"]]
    return annotate(rows, uri)
