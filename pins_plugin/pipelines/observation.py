"""What was seen and heard in one video, before anything is decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.tracking.crops import Crops
from pins_plugin.types import FaceTrack


@dataclass(frozen=True)
class Observation:
    """What was seen and heard.

    Parameters
    ----------
    path : Path
    uri : str
        Name of the file in annotations.
    duration : float
        In seconds.
    waveform : (num_samples,) float32 array
        At 16 kHz, on the media clock.
    tracks : list of FaceTrack
    crops : mapping of str to Crops
        By the name of the track.
    turns : Annotation
        Who speaks when.
    from_sound : bool
        Whether the turns were found in the sound alone, so that what is seen may improve on them.
    """

    path: Path
    uri: str
    duration: float
    waveform: NDArray[np.float32]
    tracks: list[FaceTrack]
    crops: Mapping[str, Crops]
    turns: Annotation
    from_sound: bool = False
