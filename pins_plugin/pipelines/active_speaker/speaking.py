"""Is it the face in the picture that speaks? For raw videos, where a voice may be anybody's."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.pipelines.active_speaker.synchronization import synchronize_faces
from pins_plugin.tracking.crops import Crops

MIN_CONFIDENCE = 0.9  # below, a foreign voice may be given the offset at which it fits best


class SpeakingFaces:
    """Measure how much the lips of each stretch of a video speak for its sound.

    Sound and picture of a recording are often a few frames apart; that offset is looked for first, over all
    stretches, and where it is sure it is not held against any of them.

    Parameters
    ----------
    synchronizer : Synchronizer, optional
        By default the one that comes with the package.
    """

    def __init__(self, synchronizer: Synchronizer | None = None) -> None:
        self.synchronizer = synchronizer or Synchronizer.from_hparams("sync")

    def __call__(
        self, crops: Mapping[str, Crops], waveform: NDArray[np.float32]
    ) -> dict[str, float]:
        """Measure each stretch.

        Parameters
        ----------
        crops : mapping of str to Crops
            With lips at every frame; see `extract_crops`.
        waveform : (num_samples,) float32 array
            Of the whole video, 16 kHz.

        Returns
        -------
        evidence : dict of str to float
            Log-likelihood ratio, mean over the frames, that this face makes this sound; 0 where nothing can be said.
        """
        found = synchronize_faces(crops, waveform, self.synchronizer)
        sure = found.result.confidence >= MIN_CONFIDENCE
        offset = found.result.offset_seconds if sure else 0.0
        evidence = {}
        for name, crop in crops.items():
            ratios = self.synchronizer.speaking_llr(
                crop.lips, crop.times, waveform, offset_seconds=offset
            )
            evidence[name] = float(ratios.mean()) if len(ratios) else 0.0
        return evidence
