"""What was seen and heard in one video, before anything is decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.inference.visual_voice_activity import VisualVoiceActivity
from pins_plugin.pipelines.active_speaker.synchrony import TrackCurves, compare_track, is_usable
from pins_plugin.pipelines.diarization.segmentation import Segmentation
from pins_plugin.pipelines.diarization.voice_model import VoiceScatter
from pins_plugin.pipelines.linking.joint import JointEvidence
from pins_plugin.pipelines.linking.seeing import Series
from pins_plugin.pipelines.people.face_recognizer import FaceRecognizer
from pins_plugin.tracking.crops import Crops
from pins_plugin.types import FaceTrack

CPU = torch.device("cpu")


class TrackEmbeddings(NamedTuple):
    """What the networks make of each track, by its name.

    The crops of a long film would fill the memory: they are kept only where a source of evidence asks for them.
    """

    faces: dict[str, NDArray[np.float32]]  # (num_faces, embedding_dim) each
    curves: dict[str, TrackCurves]
    talking: dict[str, Series]  # log-likelihood ratios
    crops: dict[str, Crops]
    joint_faces: dict[str, Any]  # by the joint model, where there is one: embeddings of faces


@dataclass(frozen=True, eq=False)
class Observation:
    """What was seen and heard."""

    path: Path
    uri: str  # name of the file in annotations
    duration: float  # seconds
    waveform: NDArray[np.float32]  # (num_samples,) at 16 kHz, on the media clock
    tracks: list[FaceTrack]
    embeddings: TrackEmbeddings
    segmentation: Segmentation | None  # how many speak when; not needed where turns are given
    turns: Annotation | None = None  # who speaks when, where that is given
    notes: tuple[str, ...] = ()  # what whoever reads the result should know


@dataclass
class Networks:
    """What hears and sees. No pipeline itself, so its parts keep their parameters."""

    recognizer: FaceRecognizer
    voice_encoder: torch.nn.Module
    scatter: VoiceScatter  # how much its voices differ
    segmentation: torch.nn.Module
    # Says who speaks when, where that is given: see `given_turns.find_turns`
    diarization: Any = None
    synchronizer: Synchronizer | None = None  # whether lips fit the sound
    activity: VisualVoiceActivity | None = None  # whether mouths talk
    joint: JointEvidence | None = None  # whether voices sound as faces look
    plugins: Sequence[Any] = ()  # each makes a source of evidence, see `gathering`
    device: torch.device = CPU

    def to(self, device: torch.device) -> None:
        """Move all to a device."""
        self.device = device
        for part in vars(self).values():
            if hasattr(part, "to"):
                part.to(device)

    def embed_tracks(
        self,
        crops: Iterable[tuple[str, Crops]],
        waveform: NDArray[np.float32],
        keep_crops: bool = False,
    ) -> TrackEmbeddings:
        """Run the networks over the crops of one track after the other, whoever speaks.

        `crops` have faces and lips, by the name of the track (`tracking.crops.iter_crops`); `waveform` (num_samples,) is at
        16 kHz. With `keep_crops` they are kept also where no source of evidence asks for them.
        """
        embeddings = TrackEmbeddings({}, {}, {}, {}, {})
        for name, crop in crops:
            if len(crop.faces):
                embeddings.faces[name] = self.recognizer.embed(crop.faces)
                if self.joint is not None:
                    embeddings.joint_faces[name] = self.joint.embed_faces(crop.faces)
            if is_usable(crop):
                if self.synchronizer is not None:
                    embeddings.curves[name] = compare_track(crop, waveform, self.synchronizer)
                if self.activity is not None:
                    found = self.activity(crop.lips, crop.times)
                    embeddings.talking[name] = (found.times, found.llr)
            if keep_crops or self.plugins:
                embeddings.crops[name] = crop
        return embeddings
