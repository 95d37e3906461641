"""Whether the face in one file and the voice in another are one person's, or why that cannot be told."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.nn.functional import normalize

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import MediaError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.portraits import load_portraits
from pins_plugin.inference.voice_activity import find_speech

MIN_SPEECH = 0.7  # seconds; what is shorter tells next to nothing


@dataclass(frozen=True)
class FaceVoiceVerification:
    """Whether a face and a voice are one person's.

    Parameters
    ----------
    similarity : float
        Cosine, in [-1, 1]: larger means more alike. It is comparable within one model only; what it is worth, the
        probability says.
    probability : float or None
        That they are one person's, where half of all pairs are; None when the model is not calibrated.
    same_person : bool or None
        The decision; None where it cannot be told: the probability is too close to one half for this model (see
        `inference.joint_calibration`), or the model is not calibrated.
    """

    similarity: float
    probability: float | None
    same_person: bool | None

    @property
    def decision(self) -> str:
        """In words: "one person", "two people", or "cannot tell"."""
        return {True: "one person", False: "two people", None: "cannot tell"}[self.same_person]


def verify_files(
    embedder: FaceVoiceEmbedder, face: str | Path, voice: str | Path
) -> FaceVoiceVerification:
    """Tell whether the face in one file and the voice in another are one person's.

    Parameters
    ----------
    embedder : FaceVoiceEmbedder
    face : str or Path
        An image or a video that shows one face, others at most much smaller.
    voice : str or Path
        Any file with speech, of any rate and number of channels; what is not speech is left out.

    Raises
    ------
    MediaError
        When a file cannot be read, shows no face or several, or has no sound or too little speech.
    """
    pictures = load_portraits(face, embedder.image_size, alone=True)
    faces = embedder.encode_faces(pictures.transpose(0, 3, 1, 2))
    speech = load_speech(voice, embedder.sample_rate)
    similarity = normalize(faces.mean(dim=0), dim=-1) @ embedder.encode_long_voice(speech)
    calibration = embedder.calibration
    if calibration is None:
        return FaceVoiceVerification(float(similarity), None, None)
    probability = float(calibration.probability(similarity))
    return FaceVoiceVerification(float(similarity), probability, calibration.decide(similarity))


def load_speech(path: str | Path, sample_rate: int) -> np.ndarray:
    """Read the speech of a file, pauses left out: (num_samples,) float32 array.

    Raises
    ------
    MediaError
        When the file cannot be read, or holds less than `MIN_SPEECH` seconds of speech.
    """
    waveform = load_audio(path, sample_rate)
    heard = waveform if sample_rate == SAMPLE_RATE else load_audio(path, SAMPLE_RATE)
    regions = find_speech(heard)
    seconds = sum(end - start for start, end in regions)
    if seconds < MIN_SPEECH:
        raise MediaError(
            f"{path}: expected at least {MIN_SPEECH} seconds of speech, got {seconds:.1f} in "
            f"{len(heard) / SAMPLE_RATE:.1f} seconds of sound; whose voice it is cannot be told"
        )
    edges = (np.array(regions) * sample_rate).round().astype(int)
    return np.concatenate([waveform[start:end] for start, end in edges])
