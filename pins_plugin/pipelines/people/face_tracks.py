"""Faces of a video: followed, joined by person, and as a pyannote pipeline."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment

from pins_plugin.errors import MediaError
from pins_plugin.pipelines.diarization.audio_file import file_path, file_uri
from pins_plugin.pipelines.people.face_recognizer import FaceRecognizer
from pins_plugin.pipelines.pyannote_host.host import Pipeline, follow
from pins_plugin.tracking.tracked_people import embed_tracks, group_people
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.types import FaceTrack

# Cosine similarity of faces that are surely one person's, with the shipped encoder: of 10,000 pairs of two people one has it
SURE = 0.77
Track = Callable[..., list[FaceTrack]]


class FaceTracks(Pipeline):  # type: ignore[misc]
    """When each person is on screen: an `Annotation` of people, one track name per face track.

    Parameters
    ----------
    recognition : str
        Model folder whose face branch tells which tracks show one person.
    token, cache_dir : ignored
        pyannote hands them to every pipeline.
    """

    def __init__(
        self, recognition: str = "face_recognition", token: Any = None, cache_dir: Any = None
    ) -> None:
        super().__init__()
        self._recognizer = [FaceRecognizer(recognition)]  # in a list: no part of the pipeline
        self.device = torch.device("cpu")
        self.instantiate({})

    def default_parameters(self) -> dict[str, float]:
        """None to choose."""
        return {}

    def to(self, device: torch.device) -> "FaceTracks":
        """Move the networks to a device."""
        self.device = device
        self._recognizer[0].to(device)
        return self

    def apply(self, file: Any, hook: Any = None) -> Annotation:
        """Follow and group the faces of a file: a path, or a mapping with `video` or `audio`."""
        hook = self.setup_hook(file, hook)
        path, recognizer = file_path(file), self._recognizer[0]
        tracks = follow(hook, "faces", lambda: find_faces(path, track_faces, self.device))
        faces = embed_tracks(path, tracks, recognizer.embed, num_faces=8)
        named = group_faces(tracks, faces, recognizer.same_person)
        return annotate_faces(named, file_uri(file))


def find_faces(
    path: Path, track: Track, device: torch.device, quiet: bool = True
) -> list[FaceTrack]:
    """Follow the faces of a video; `track` is `track_faces`, or the tracker of another package.

    Raises
    ------
    MediaError
        When it shows none.
    """
    tracks = track(path, TrackerSettings(device=str(device)), quiet=quiet)
    if not tracks:
        raise MediaError(
            f"{path}: shows no face for long enough to follow it; expected a video of people "
            "(`pins diarize` says who speaks when, without faces)"
        )
    return tracks


def annotate_faces(tracks: Sequence[FaceTrack], uri: str) -> Annotation:
    """When each person is on screen."""
    faces = Annotation(uri=uri)
    for track in tracks:
        faces[Segment(*track.span), track.track] = track.person or track.track
    return faces


def group_faces(
    tracks: Sequence[FaceTrack], embeddings: Mapping[str, NDArray[np.floating]], same_person: float
) -> list[FaceTrack]:
    """Join the tracks whose faces are clearly alike: half-way from merely alike enough to surely one person.

    A person who was taken for two costs little, as either face is right; two who were taken for one share a voice.
    `embeddings` holds faces (num_faces, embedding_dim) by the name of the track; `same_person` is the cosine
    similarity from which on two may be one person's. People are called PERSON_01, ... in order of appearance.
    """
    return group_people(tracks, embeddings, (same_person + max(SURE, same_person)) / 2)
