"""The networks that hear and see a video, and what they make of each face track."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.inference.visual_voice_activity import VisualVoiceActivity
from pins_plugin.pipelines.active_speaker.synchrony import TrackCurves, compare_track, is_usable
from pins_plugin.pipelines.diarization.segmentation_model import load_segmentation_model
from pins_plugin.pipelines.diarization.voice_model import VoiceScatter
from pins_plugin.pipelines.diarization.voices import find_voice_scatter, load_voice_encoder
from pins_plugin.pipelines.linking.joint import JointEvidence
from pins_plugin.pipelines.linking.seeing import Series
from pins_plugin.pipelines.people.face_recognizer import FaceRecognizer
from pins_plugin.tracking.crops import Crops, iter_crops
from pins_plugin.types import FaceTrack
from pins_plugin.utils.memory import trim_heap

FACES_PER_TRACK = (2, 8)  # least, most; chosen, not measured
MAX_FACES = 4000  # pictures that are embedded, of a whole film: bounds time; chosen, not measured
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

    @classmethod
    def load(
        cls,
        recognition: str,
        voice: str,
        sync: str | None = None,
        activity: str | None = None,
        joint: str | None = None,
        **others: Any,
    ) -> "Networks":
        """Load them from model folders, or by the names of models that ship; None for what is not to be asked."""
        return cls(
            FaceRecognizer(recognition),
            load_voice_encoder(voice),
            find_voice_scatter(voice),
            load_segmentation_model(),
            synchronizer=Synchronizer.from_hparams(sync) if sync else None,
            activity=VisualVoiceActivity.from_hparams(activity) if activity else None,
            joint=JointEvidence(joint) if joint else None,
            **others,
        )

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

    def embed_video(
        self,
        path: Path,
        tracks: Sequence[FaceTrack],
        waveform: NDArray[np.float32],
        keep_crops: bool = False,
        quiet: bool = True,
    ) -> TrackEmbeddings:
        """Look at each track of a video while it goes by; the others as in `embed_tracks`."""
        crops = iter_crops(
            path,
            tracks,
            ("face", "lips"),
            max_frames=faces_per_track(len(tracks)),
            device=self.device,
            quiet=quiet,
        )
        embeddings = self.embed_tracks(crops, waveform, keep_crops)
        trim_heap()
        return embeddings


def faces_per_track(num_tracks: int) -> int:
    """How many pictures of each track to look at: fewer where a long film has thousands of tracks.

    Examples
    --------
    >>> faces_per_track(20), faces_per_track(1000), faces_per_track(5000)
    (8, 4, 2)
    """
    return int(np.clip(MAX_FACES // max(1, num_tracks), *FACES_PER_TRACK))
