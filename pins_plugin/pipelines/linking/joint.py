"""Does this voice sound like this face looks? Evidence from a joint embedding of faces and voices.

The paper's own measure (Nagrani, Albanie, Zisserman, ECCV 2018, section 3), here over a whole file: each group of voices and
each person's faces are pooled, so that one similarity speaks for all that they say. Training leaves in the model folder
what a similarity is worth, measured on its validation people.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from pins_plugin.errors import ModelFolderError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.pooled import pool_faces, pool_voice
from pins_plugin.types import FaceTrack

MAX_RATIO = 6.0  # largest log-likelihood ratio of one voice and one face; chosen, not measured


class JointEvidence:
    """Compare pooled voices and faces in the space of one model: a folder with a face and a voice encoder, or its name.

    Raises
    ------
    ModelFolderError
        When the model cannot be used, or was not calibrated.
    """

    def __init__(self, model: str | Path) -> None:
        self.embedder = FaceVoiceEmbedder.from_hparams(model)
        calibration = self.embedder.calibration
        if calibration is None:
            raise ModelFolderError(
                f"{model}: expected settings `calibration`, got none; `pins train` writes them where the manifest keeps people "
                "for split valid. Link `--without joint`, or with another --model"
            )
        self.calibration = calibration

    def to(self, device: torch.device) -> "JointEvidence":
        """Move to a device."""
        self.embedder.to(device)
        return self

    def embed_faces(self, faces: NDArray[np.uint8]) -> torch.Tensor | None:
        """Mean embedding of the faces (num_faces, size, size, 3) of one track."""
        return pool_faces(self.embedder, faces)

    def compare(
        self,
        waveform: NDArray[np.float32],
        stretches: NDArray[np.float64],
        groups: NDArray[np.int64],
        tracks: Sequence[FaceTrack],
        joint_faces: Mapping[str, torch.Tensor | None],
    ) -> NDArray[np.float64]:
        """Log-likelihood ratios that the voice of a group and the faces of a person are one person's.

        Parameters
        ----------
        waveform : (num_samples,) float32 array
            At 16 kHz.
        stretches : (num_stretches, 2) float64 array
            Where one voice is heard, in seconds; `groups` (num_stretches,) say whose voice it is.
        tracks : sequence of FaceTrack
            With people; `joint_faces` are from `embed_faces`, by the name of the track.

        Returns
        -------
        ratios : (num_groups, num_people) float64 array
            People in order of their labels; at most `MAX_RATIO` either way.
        """
        people = sorted({str(track.person) for track in tracks})
        faces = [
            [joint_faces.get(track.track) for track in tracks if track.person == person]
            for person in people
        ]
        pooled = [_pool([face for face in each if face is not None]) for each in faces]
        number = int(groups.max()) + 1 if len(groups) else 0
        ratios = np.zeros((number, len(people)))
        for group in range(number):
            regions = [(float(start), float(end)) for start, end in stretches[groups == group]]
            voice = pool_voice(self.embedder, waveform, regions)
            for column, face in enumerate(pooled):  # nothing is known where either is missing
                if face is not None and voice is not None:
                    ratios[group, column] = float(self.calibration.log_ratio(face @ voice))
        return np.clip(ratios, -MAX_RATIO, MAX_RATIO)


def _pool(faces: Sequence[torch.Tensor]) -> torch.Tensor | None:
    return normalize(torch.stack(list(faces)).mean(dim=0), dim=-1) if faces else None
