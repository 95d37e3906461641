"""Audio-visual synchronization (lip sync): do these lips make this sound, and how late does it come?

>>> from pins_plugin.inference.synchronizer import Synchronizer
>>> synchronizer = Synchronizer.from_hparams("sync")
>>> lips = np.full((50, 88, 2), np.nan, np.float32)  # no face was seen
>>> synchronizer.offset(lips, np.arange(50) / 25, np.zeros(32000, np.float32)).decision
'cannot tell'
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torchaudio.functional import resample

from pins_plugin.data.training.sync_clips import FRAME_RATE, cut_sound, resample_frames
from pins_plugin.data.training.talking_clips import bridge
from pins_plugin.inference.interface import PretrainedInterface
from pins_plugin.inference.lips_and_sound import (
    check_lips,
    check_waveform,
    is_still,
    moves,
    sounds,
)
from pins_plugin.inference.offset_posterior import OffsetCalibration, sum_evidence
from pins_plugin.models.folder.model_folder import ModelFolder

MAX_OFFSET = 15  # frames, 0.6 s: the shipped model was trained among these offsets
TOLERANCE = 1  # frames; people begin to notice at about two (ITU-R BT.1359)


@dataclass(frozen=True)
class SyncResult:
    """What `Synchronizer.offset_of_file` found.

    Parameters
    ----------
    offset_seconds, offset_frames : float, int
        How much too late the sound comes (negative: too early), in seconds and in frames of 1/25 s; 0 when nobody can tell.
    confidence : float
        Probability in 0..1 that the offset is right within one frame, calibrated on people whom the model had never seen.
    decision : str
        "in sync" (at most one frame off), "shifted", "not this sound" (nobody who is seen makes the sound that is heard:
        dubbed, a voice-over, or listeners), or "cannot tell" (not sure enough, no speech, no moving lips, or less than a
        third of a second).
    """

    offset_seconds: float
    offset_frames: int
    confidence: float
    decision: str


@dataclass(frozen=True, eq=False)
class SyncFeatures:
    """Both sides of one face at 25 frames per second.

    Parameters
    ----------
    times : (num_frames,) float64 array
        Seconds on the media clock.
    lips, sound : (num_frames, embedding_dim), (num_frames + 2 max_offset, embedding_dim) float32 array
        NaN where no face was seen, or the recording has no sound, which is given from `max_offset` frames before the first on.
    """

    times: NDArray[np.float64]
    lips: NDArray[np.float32]
    sound: NDArray[np.float32]

    @property
    def similarities(self) -> NDArray[np.float32]:
        """Frame t against the sound k - max_offset frames later: (num_frames, 2 max_offset + 1), or NaN."""
        width = len(self.sound) - len(self.lips) + 1
        if len(self.lips) == 0:
            return np.zeros((0, width), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self.sound, width, axis=0)
        return np.asarray(np.einsum("td,tdk->tk", self.lips, windows), np.float32)


class Synchronizer(PretrainedInterface):
    """Compare lips with sound, frame by frame.

    The encoders are those of `models.lips.sync_encoders`; `file_calibration` says what an offset is worth, that of the shipped
    model where not given.
    """

    needs = ("lip_encoder", "sound_encoder")
    shipped = "sync"

    def __init__(
        self,
        lip_encoder: nn.Module,
        sound_encoder: nn.Module,
        file_calibration: OffsetCalibration | None = None,
    ) -> None:
        super().__init__()
        self.file_calibration = file_calibration or OffsetCalibration.shipped()
        self.lip_encoder, self.sound_encoder = lip_encoder.eval(), sound_encoder.eval()

    @classmethod
    def from_model(cls, model: ModelFolder) -> Self:
        numbers = model.settings.get("file_calibration")
        calibration = None if numbers is None else OffsetCalibration.from_settings(numbers)
        return cls(model.modules["lip_encoder"], model.modules["sound_encoder"], calibration)

    def features(
        self,
        lips: NDArray[np.floating],
        times: NDArray[np.floating],
        waveform: NDArray[np.floating],
        sample_rate: int = 16000,
        max_offset: int = MAX_OFFSET,
        *,
        moving: bool = False,
    ) -> SyncFeatures:
        """Encode one tracked face and the sound around it.

        Parameters
        ----------
        lips : (num_frames, 88, 2) array
            `Crops.lips` of `tracking.crops.extract_crops`; rows of NaN where no face was seen.
        times : (num_frames,) array
            Seconds on the media clock; any frame rate, also a changing one.
        waveform : (num_samples,) array
            The recording's whole sound, from time zero of the media clock, `sample_rate` in Hz.
        max_offset : int
            How many frames of sound to look at before and after.
        moving : bool
            Frames in which the lips hardly move count as not seen, as `offset_of_file` wants it: the encoder takes the
            range of movement off, so that what is left of a silent face would have a say.

        Raises
        ------
        ShapeError
            When the arrays have other shapes.
        """
        lips, times = check_lips(lips, times)
        sound = torch.from_numpy(check_waveform(waveform))
        waveform = resample(sound, sample_rate, self.sound_encoder.sample_rate).numpy()
        clock, resampled = resample_frames(times, lips)
        filled, seen = bridge(resampled)  # (num_resampled, 88, 2), (num_resampled,)
        start = (clock[0] if len(clock) else 0.0) - max_offset / FRAME_RATE
        num_sound = len(clock) + 2 * max_offset
        piece = cut_sound(waveform, start, num_sound, self.sound_encoder.sample_rate)
        with torch.inference_mode():
            lip_features, sound_features = (
                encoder(torch.from_numpy(inputs)[None].to(self.device))[0].cpu().numpy().copy()
                for encoder, inputs in ((self.lip_encoder, filled), (self.sound_encoder, piece))
            )
        sound_clock = start + np.arange(num_sound) / FRAME_RATE
        duration = len(waveform) / self.sound_encoder.sample_rate
        outside = (sound_clock < -1e-3) | (sound_clock + 1 / FRAME_RATE > duration + 1e-3)
        sound_features[outside] = np.nan
        lip_features[~seen | is_still(resampled) if moving else ~seen] = np.nan
        if not (sounds(piece) and moves(resampled[seen])):
            lip_features[:] = np.nan
        return SyncFeatures(clock, lip_features, sound_features)

    def offset(
        self,
        lips: NDArray[np.floating],
        times: NDArray[np.floating],
        waveform: NDArray[np.floating],
        sample_rate: int = 16000,
        max_offset: int = MAX_OFFSET,
    ) -> SyncResult:
        """Find how late the sound of one face comes, as `offset_of_file` does; parameters as in `features`."""
        found = self.features(lips, times, waveform, sample_rate, max_offset, moving=True)
        return self.offset_of_file([found.similarities])

    def offset_of_file(self, similarities: Sequence[NDArray[np.floating]]) -> SyncResult:
        """Find the offset of a whole file from all its faces and shots, silent ones included.

        `similarities` are (num_frames, num_offsets) arrays of each face, from `features` with `moving`.
        """
        found = sum_evidence(similarities, self.file_calibration)
        if found is None:
            return SyncResult(0.0, 0, 0.0, "cannot tell")
        confidence, answered, foreign = self.file_calibration.judge(found)
        if not answered:
            return SyncResult(0.0, 0, confidence, "not this sound" if foreign else "cannot tell")
        seconds = round((found.offset + found.fraction) / FRAME_RATE, 3)
        decision = "in sync" if abs(found.offset) <= TOLERANCE else "shifted"
        return SyncResult(seconds, found.offset, confidence, decision)
