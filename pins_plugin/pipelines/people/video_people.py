"""The people of one video as vectors, in a small file beside its links: what joining an archive needs of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import MediaError
from pins_plugin.pipelines.people.registry import Appearance
from pins_plugin.pipelines.people.vector_file import DAMAGE, read_vectors, stack, write_vectors
from pins_plugin.tracking.tracked_people import find_different_people
from pins_plugin.types import FaceTrack

FILE = "vectors.safetensors"
KIND, VERSION = "pins_plugin people of a video", "1"


@dataclass(frozen=True, eq=False)
class VideoPeople:
    """Everyone in a video, under the labels that linking gave."""

    encoder: str  # of faces
    video: str  # its name in tables
    labels: Sequence[str]
    seconds: Sequence[float]  # on screen
    faces: NDArray[np.float32]  # (num_people, dim), zeros where there is none
    voices: NDArray[np.float32]  # (num_people, dim), zeros where there is none
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
        labels = [each.person for each in met]
        number = {label: place for place, label in enumerate(labels)}
        pairs = set()
        for first, second in np.argwhere(find_different_people(list(tracks))).tolist():
            a, b = (number.get(str(tracks[place].person)) for place in (first, second))
            if a is not None and b is not None and a != b:
                pairs.add((min(a, b), max(a, b)))
        return cls(
            encoder,
            video,
            labels,
            [round(each.seconds, 3) for each in met],
            stack([each.face for each in met]),
            stack([each.voice for each in met]),
            sorted(pairs),
            same_face,
        )

    def without(self, gone: NDArray[np.bool_]) -> "VideoPeople":
        """Blank the vectors of some: (num_people,) bool array."""
        keep = ~gone[:, None]
        return replace(self, faces=self.faces * keep, voices=self.voices * keep)

    def save(self, path: Path) -> None:
        """Write; the same people give the same bytes."""
        about = {
            "kind": KIND,
            "version": VERSION,
            "encoder": self.encoder,
            "video": self.video,
            "labels": list(self.labels),
            "seconds": list(self.seconds),
            "same_face": float(self.same_face),
            "apart": list(self.apart),
        }
        write_vectors(path, self.faces, self.voices, about)

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
            labels = [str(label) for label in json.loads(about["labels"])]
            seconds = [float(value) for value in json.loads(about["seconds"])]
            apart = [(int(a), int(b)) for a, b in json.loads(about["apart"])]
            same_face = float(about["same_face"])
            if not len(labels) == len(seconds) == len(faces) == len(voices):
                raise ValueError("parts of different lengths")
            if not all(0 <= each < len(labels) for pair in apart for each in pair):
                raise ValueError("pairs of nobody")
        except DAMAGE as error:
            raise MediaError(f"{path}: damaged ({error}); link the video again with --again") from error  # fmt: skip
        return cls(
            about["encoder"], about["video"], labels, seconds, faces, voices, apart, same_face
        )
