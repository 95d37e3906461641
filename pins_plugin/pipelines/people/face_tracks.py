"""Faces of a video as a pyannote pipeline."""

from typing import Any

import torch
from pyannote.core import Annotation

from pins_plugin.pipelines.diarization.audio_file import file_path, file_uri
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking, annotate_faces
from pins_plugin.pipelines.people.grouping import group_faces
from pins_plugin.pipelines.pyannote_host.host import Pipeline
from pins_plugin.tracking.crops import extract_crops


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
        self._linking = SpeakerFaceLinking(recognition=recognition, evidence=())
        self.instantiate({})

    def default_parameters(self) -> dict[str, float]:
        """None to choose."""
        return {}

    def to(self, device: torch.device) -> "FaceTracks":
        """Move the networks to a device."""
        self._linking.to(device)
        return self

    def apply(self, file: Any, hook: Any = None) -> Annotation:
        """Follow and group the faces of a file: a path, or a mapping with `video` or `audio`."""
        hook = self.setup_hook(file, hook)
        path = file_path(file)
        tracks = self._linking.find_faces(path, hook)
        crops = extract_crops(path, tracks, ("face",), max_frames=8)
        faces = {name: self._linking.recognizer.embed(crop.faces) for name, crop in crops.items()}
        named = group_faces(tracks, faces, self._linking.recognizer.same_person)
        return annotate_faces(named, file_uri(file))
