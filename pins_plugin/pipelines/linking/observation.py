"""What was seen and heard in one video, before anything is decided."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.pipelines.active_speaker.synchrony import TrackCurves
from pins_plugin.tracking.crops import Crops
from pins_plugin.types import FaceTrack


class Looks(NamedTuple):
    """What the networks make of each track, by its name.

    The crops of a long film would fill the memory: they are kept only where a source of evidence asks for them.
    """

    faces: dict[str, NDArray[np.float32]]  # (num_faces, embedding_dim) each
    curves: dict[str, TrackCurves]
    crops: dict[str, Crops]


@dataclass(frozen=True, eq=False)
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
    looks : Looks
    turns : Annotation
        Who speaks when.
    from_sound : bool
        Whether the turns were found in the sound alone, so that what is seen may improve on them.
    notes : tuple of str
        What whoever reads the result should know.
    """

    path: Path
    uri: str
    duration: float
    waveform: NDArray[np.float32]
    tracks: list[FaceTrack]
    looks: Looks
    turns: Annotation
    from_sound: bool = False
    notes: tuple[str, ...] = ()
