"""Visual voice activity (VVAD): does this mouth talk? By sight alone, so that it works on dubbed footage and in noise.

>>> from pins_plugin.inference.visual_voice_activity import VisualVoiceActivity
>>> activity = VisualVoiceActivity.from_hparams("visual_voice_activity")
>>> lips = np.full((50, 88, 2), np.nan, np.float32)  # no face was seen
>>> float(abs(activity(lips, np.arange(50) / 25).llr).max())
0.0
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pins_plugin.data.training.sync_clips import resample_frames
from pins_plugin.data.training.talking_clips import bridge
from pins_plugin.inference.interface import PretrainedInterface
from pins_plugin.inference.lips_and_sound import check_lips
from pins_plugin.models.folder.model_folder import ModelFolder

FEWEST_FRAMES = 5  # at 25 per second; less says nothing; chosen, not measured
# Frames judged in one pass, which bounds memory, and what is seen of their neighbors: more than the network does
BLOCK, CONTEXT = 1500, 50
LARGEST_LLR = 5.0  # nats, of one frame; chosen, not measured


@dataclass(frozen=True, eq=False)
class TalkingEvidence:
    """What the sight of a mouth says about its talking.

    Parameters
    ----------
    times : (num_frames,) float64 array
        Seconds on the media clock, 25 per second.
    llr : (num_frames,) float64 array
        log p(what is seen | this mouth talks) / p(what is seen | it does not), natural; 0 where it was not seen. Each
        has looked at the second around it, so neighbors share evidence: over a stretch, take the mean.
    """

    times: NDArray[np.float64]
    llr: NDArray[np.float64]


class VisualVoiceActivity(PretrainedInterface):
    """Tell mouths that talk from mouths that rest, smile, chew.

    `talking_network` is one of `models.lips.talking_network`; `llr_weights` its calibration on people not trained on: bias, and
    factor of the network's logit.
    """

    needs = ("talking_network",)
    shipped = "visual_voice_activity"

    def __init__(self, talking_network: nn.Module, llr_weights: Sequence[float]) -> None:
        super().__init__()
        self.talking_network = talking_network.eval()
        self.bias, self.factor = (float(weight) for weight in llr_weights)

    @classmethod
    def from_model(cls, model: ModelFolder) -> Self:
        return cls(model.modules["talking_network"], model.settings["llr_weights"])

    def forward(self, lips: NDArray[np.floating], times: NDArray[np.floating]) -> TalkingEvidence:
        """Judge one tracked face, on a clock of 25 frames per second that starts at the first of `times`.

        Parameters
        ----------
        lips : (num_frames, 88, 2) array
            `Crops.lips` of `tracking.crops.extract_crops`; rows of NaN where no face was seen.
        times : (num_frames,) array
            Seconds on the media clock; any frame rate, also a changing one.

        Raises
        ------
        ShapeError
            When the arrays have other shapes, or the times do not increase.
        """
        lips, times = check_lips(lips, times)
        bridged, was_seen = bridge(lips)
        marks = was_seen.astype(np.float32)
        clock, resampled = resample_frames(times, bridged)
        seen = resample_frames(times, marks)[1] > 0.5 if len(times) else was_seen
        llr = np.zeros(len(clock))
        if seen.sum() >= FEWEST_FRAMES:
            logits = self._logits(resampled.astype(np.float32), seen.astype(np.float32))
            llr = np.clip(self.bias + self.factor * logits, -LARGEST_LLR, LARGEST_LLR)
            llr[~seen] = 0.0
        return TalkingEvidence(clock, llr)

    def _logits(self, lips: NDArray[np.float32], seen: NDArray[np.float32]) -> NDArray[np.float64]:
        """Judge block by block, so that hours of a face do not fill the memory."""
        logits = np.zeros(len(lips))
        for start in range(0, len(lips), BLOCK):
            low, end = max(start - CONTEXT, 0), min(start + BLOCK, len(lips))
            rows = slice(low, end + CONTEXT)
            with torch.inference_mode():
                found = self.talking_network(
                    torch.from_numpy(lips[rows])[None].to(self.device),
                    torch.from_numpy(seen[rows])[None].to(self.device),
                )
            logits[start:end] = found[0, start - low : end - low].cpu().numpy()
        return logits
