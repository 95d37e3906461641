"""Whether a face and a voice are one person's, or why that cannot be told."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import MediaError
from pins_plugin.inference.joint_calibration import JointCalibration
from pins_plugin.inference.voice_activity import find_speech

MIN_SPEECH = 0.7  # seconds; what is shorter tells next to nothing; chosen, not measured


@dataclass(frozen=True)
class FaceVoiceVerification:
    """Whether a face and a voice are one person's.

    Parameters
    ----------
    similarity : float
        Cosine, in [-1, 1]: larger means more alike. It is comparable within one model only.
    probability, largest_probability : float or None
        That they are one person's, where half of all pairs are, and the largest that this model can ever give; None when the
        model is not calibrated. Where the largest is below the threshold of decisions, as in the shipped `face_voice`,
        pairs are ruled out or left open, never confirmed.
    same_person : bool or None
        The decision; None where it cannot be told (see `inference.joint_calibration`), for the `reason` given.
    """

    similarity: float
    probability: float | None
    same_person: bool | None
    largest_probability: float | None = None
    reason: str = ""

    @property
    def decision(self) -> str:
        """In words: "one person", "two people", or "cannot tell"."""
        return {True: "one person", False: "two people", None: "cannot tell"}[self.same_person]


def judge(similarity: Tensor, calibration: JointCalibration | None) -> FaceVoiceVerification:
    """Say what a cosine means.

    Examples
    --------
    >>> import torch
    >>> calibration = JointCalibration(gain=0.9)
    >>> print(judge(torch.tensor(1.0), calibration).reason)
    they fit, as many other pairs do: this model can rule pairs out, never confirm one (it gives 66 % at most)
    """
    if calibration is None:
        return FaceVoiceVerification(
            float(similarity), None, None, reason="this model is not calibrated"
        )
    probability = float(calibration.probability(similarity))
    same, most = calibration.decide(similarity), calibration.largest_probability
    threshold = f"{calibration.decide_at:.0%}".replace("%", " %")
    if same is not None:
        reason = f"at least {threshold} sure, where half of all pairs are one person's"
    elif probability >= 0.5 and most < calibration.decide_at:
        reason = (
            "they fit, as many other pairs do: this model can rule pairs out, never confirm one "
            f"(it gives {100 * most:.0f} % at most)"
        )
    else:
        reason = f"neither answer is {threshold} sure"
    return FaceVoiceVerification(float(similarity), probability, same, most, reason)


def load_speech(path: str | Path, sample_rate: int) -> np.ndarray:
    """Read the speech of a file, pauses left out: (num_samples,) float32 array; MediaError where it is less than `MIN_SPEECH` seconds."""
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
