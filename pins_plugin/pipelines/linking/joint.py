"""Does this voice sound like this face looks? Evidence from a joint embedding of faces and voices.

The paper's own measure (Nagrani, Albanie, Zisserman, ECCV 2018, section 3), here over a whole file: each speaker's
voice and each person's faces are pooled, so that one similarity speaks for all that they say. Training leaves in
the model folder what a similarity is worth, measured on its validation people.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.data.audio import SAMPLE_RATE
from pins_plugin.errors import ModelFolderError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.pipelines.diarization.voices import cut_windows, place_windows
from pins_plugin.pipelines.linking.evidence import MOST
from pins_plugin.tracking.crops import Crops
from pins_plugin.types import FaceTrack
from pins_plugin.utils.vectors import unit

WINDOW = 3.0  # seconds of sound that are embedded at once
MOST_WINDOWS = 20  # of each speaker, spread over the file


class JointEvidence:
    """Compare pooled voices and faces in the space of one model.

    Parameters
    ----------
    model : str or Path
        Model folder with a face and a voice encoder.
    device : torch.device, optional

    Raises
    ------
    ModelFolderError
        When the model cannot be used, or was not calibrated.
    """

    name = "joint"

    def __init__(self, model: str | Path, device: torch.device | None = None) -> None:
        self.embedder = FaceVoiceEmbedder.from_hparams(
            model, run_opts={"device": str(device or "cpu")}
        )
        if self.embedder.probability(torch.zeros(1)) is None:
            raise ModelFolderError(
                f"{model}: expected settings `calibration` (scale, offset), which `pins train` writes, got none"
            )

    def compare(
        self,
        waveform: NDArray[np.float32],
        turns: Annotation,
        crops: Mapping[str, Crops],
        tracks: Sequence[FaceTrack],
    ) -> dict[tuple[str, str], float]:
        """Log-likelihood ratio that a speaker's voice and a person's faces are one person's.

        Parameters
        ----------
        waveform : (num_samples,) float32 array
            At 16 kHz.
        turns : Annotation
        crops : mapping of str to Crops
            With faces, by the name of the track.
        tracks : sequence of FaceTrack
            With people.

        Returns
        -------
        ratios : dict of (speaker, person) to float
            At most `MOST` either way.
        """
        faces: dict[str, list[NDArray[np.float64]]] = {}
        for track in tracks:
            if track.track in crops and len(crops[track.track].faces):
                pictures = torch.from_numpy(crops[track.track].faces).permute(0, 3, 1, 2)
                embeddings = self.embedder.encode_faces(pictures).double().cpu().numpy()
                faces.setdefault(str(track.person), []).append(embeddings)
        people = {person: unit(np.concatenate(each).mean(axis=0)) for person, each in faces.items()}
        voices = {str(name): self._pool_voice(waveform, turns, name) for name in turns.labels()}
        return {
            (speaker, person): self._ratio(float(voice @ face))
            for speaker, voice in voices.items()
            for person, face in people.items()
        }

    def _ratio(self, similarity: float) -> float:
        """Log-likelihood ratio of a cosine similarity; the calibration weighs both classes alike."""
        probability = self.embedder.probability(torch.tensor([similarity], dtype=torch.float64))
        assert probability is not None
        return float(torch.logit(probability).clamp(-MOST, MOST)[0])

    def _pool_voice(
        self, waveform: NDArray[np.float32], turns: Annotation, speaker: str
    ) -> NDArray[np.float64]:
        """Mean voice (embedding_dim,) of one speaker."""
        regions = [(turn.start, turn.end) for turn in turns.label_timeline(speaker).support()]
        starts = place_windows(regions, WINDOW, WINDOW)
        if len(starts) > MOST_WINDOWS:
            starts = starts[np.linspace(0, len(starts) - 1, MOST_WINDOWS).astype(int)]
        batch = cut_windows(waveform, starts, round(WINDOW * SAMPLE_RATE))
        embeddings = self.embedder.encode_voices(torch.from_numpy(batch))
        return unit(embeddings.double().cpu().numpy().mean(axis=0))
