"""The people of one video as vectors, in a small file beside its links: what joining an archive needs of it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pins_plugin.errors import MediaError
from pins_plugin.pipelines.people.vector_file import (
    DAMAGE,
    Appearance,
    read_vectors,
    write_vectors,
)
from pins_plugin.tracking.tracked_people import find_different_people
from pins_plugin.types import FaceTrack

FILE = "vectors.safetensors"
KIND, VERSION = "pins_plugin people of a video", "1"


@dataclass(frozen=True, eq=False)
class VideoPeople:
    """Everyone in a video, under the labels that linking gave."""

    encoder: str  # of faces
    video: str  # its name in tables
    met: Sequence[Appearance]
    apart: Sequence[tuple[int, int]]  # seen in one picture
    same_face: float  # cosine similarity of faces from which on two may be one person's

    @classmethod
    def of(
        cls,
        encoder: str,
        same_face: float,
        video: str,
        met: Sequence[Appearance],
        tracks: Sequence[FaceTrack],
    ) -> "VideoPeople":
        """Take them from a linked video: its appearances, and its tracks, which say who is in one picture."""
        number = {each.person: place for place, each in enumerate(met)}
        pairs = set()
        for first, second in np.argwhere(find_different_people(list(tracks))).tolist():
            a, b = (number.get(str(tracks[place].person)) for place in (first, second))
            if a is not None and b is not None and a != b:
                pairs.add((min(a, b), max(a, b)))
        return cls(encoder, video, met, sorted(pairs), same_face)

    def without(self, gone: Collection[str]) -> "VideoPeople":
        """Blank the vectors of some, by their labels."""
        met = [
            replace(each, face=None, voice=None) if each.person in gone else each
            for each in self.met
        ]
        return replace(self, met=met)

    def save(self, path: Path) -> None:
        """Write; the same people give the same bytes."""
        about = {
            "kind": KIND,
            "version": VERSION,
            "encoder": self.encoder,
            "video": self.video,
            "labels": [each.person for each in self.met],
            "seconds": [round(each.seconds, 3) for each in self.met],
            "same_face": float(self.same_face),
            "apart": list(self.apart),
        }
        write_vectors(path, self.met, about)

    @classmethod
    def load(cls, path: Path) -> "VideoPeople":
        """Read what `save` wrote.

        Raises
        ------
        MediaError
            When it is missing or damaged.
        """
        try:
            faces, voices, about = read_vectors(path)
            if (about.get("kind"), about.get("version")) != (KIND, VERSION):
                raise ValueError("another kind of file")
            columns = json.loads(about["labels"]), json.loads(about["seconds"]), faces, voices
            met = [
                Appearance(str(label), about["video"], float(seconds), face, voice)
                for label, seconds, face, voice in zip(*columns, strict=True)
            ]
            apart = [(int(a), int(b)) for a, b in json.loads(about["apart"])]
            if not all(0 <= each < len(met) for pair in apart for each in pair):
                raise ValueError("pairs of nobody")
            return cls(about["encoder"], about["video"], met, apart, float(about["same_face"]))
        except DAMAGE as error:
            raise MediaError(f"{path}: damaged ({error}); link the video again with --again") from error  # fmt: skip
