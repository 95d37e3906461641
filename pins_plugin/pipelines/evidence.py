"""What speaks for "this face makes this sound", per piece of a turn and per face, as log-likelihood ratios.

Each source of evidence measures a few numbers; a logistic calibration, fitted on held-out people, turns them
into a log-likelihood ratio. A source that cannot say anything contributes zero.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.audio import SAMPLE_RATE
from pins_plugin.errors import PinsError
from pins_plugin.pipelines.mouth_motion import RATE, loudness, motion_score, mouth_signals
from pins_plugin.pipelines.pieces import Piece
from pins_plugin.tracking.crops import Crops

if TYPE_CHECKING:
    from pins_plugin.inference.synchronizer import Synchronizer

CALIBRATION = Path(__file__).with_name("calibration.json")
MOST = 6.0  # largest log-likelihood ratio that one piece may contribute
FEWEST_FRAMES = 8
MIN_PRESENCE = 0.0  # logit of "this crop shows a face"


class EvidenceSource(Protocol):
    """Measures how well a face fits the sound."""

    name: str

    def measure(self, track: str, start: float, end: float) -> NDArray[np.float64] | None:
        """Numbers (num_measures,) for one track between two times, or None when nothing can be said."""
        ...


class MotionEvidence:
    """Mouth motion against loudness; see `mouth_motion`.

    Parameters
    ----------
    crops : mapping of str to Crops
        By the name of the track, with lips.
    waveform : (num_samples,) float32 array
        At 16 kHz.
    offset : float
        Seconds by which the sound comes late.
    """

    name = "motion"

    def __init__(
        self, crops: Mapping[str, Crops], waveform: NDArray[np.float32], offset: float = 0.0
    ) -> None:
        self.sound = loudness(waveform, SAMPLE_RATE)
        self.offset = offset
        self.starts = {name: float(crop.times[0]) for name, crop in crops.items() if _usable(crop)}
        self.signals = {
            name: mouth_signals(crops[name].lips, crops[name].times) for name in self.starts
        }

    def measure(self, track: str, start: float, end: float) -> NDArray[np.float64] | None:
        """Score of `motion_score`."""
        if track not in self.signals:
            return None
        begin = self.starts[track]
        first = max(0, round((start - self.offset - begin) * RATE))
        last = round((end - self.offset - begin) * RATE)
        signals = self.signals[track][first:last]
        if len(signals) < FEWEST_FRAMES:
            return None
        place = round((begin + self.offset) * RATE) + first
        return np.array([motion_score(signals, self.sound, place)])


class SynchronyEvidence:
    """Similarity of lips and sound by the synchronization model, at the true alignment and at others.

    Parameters
    ----------
    crops : mapping of str to Crops
    waveform : (num_samples,) float32 array
    synchronizer : Synchronizer
    offset : float
        Seconds by which the sound comes late.
    """

    name = "sync"

    def __init__(
        self,
        crops: Mapping[str, Crops],
        waveform: NDArray[np.float32],
        synchronizer: "Synchronizer",
        offset: float = 0.0,
    ) -> None:
        self.offset = offset
        self.times: dict[str, NDArray[np.float64]] = {}
        self.similarities: dict[str, NDArray[np.float32]] = {}
        for name, crop in crops.items():
            if _usable(crop):
                features = synchronizer.features(crop.lips, crop.times + offset, waveform)
                self.times[name], self.similarities[name] = features.times, features.similarities

    def measure(self, track: str, start: float, end: float) -> NDArray[np.float64] | None:
        """Similarity now, its lead over the mean of other offsets, and over the best of them, times root of seconds."""
        if track not in self.times:
            return None
        inside = (self.times[track] >= start) & (self.times[track] < end)
        rows = self.similarities[track][inside]
        rows = rows[np.isfinite(rows).any(axis=1)]
        if len(rows) < FEWEST_FRAMES:
            return None
        means = np.nanmean(rows, axis=0)
        middle = len(means) // 2
        now = means[middle - 1 : middle + 2].max()
        others = np.delete(means, range(middle - 2, middle + 3))
        if not np.isfinite(now) or not np.isfinite(others).any():
            return None
        lead = [now, now - np.nanmean(others), now - np.nanmax(others)]
        return np.array(lead) * np.sqrt(len(rows) / RATE)


class Calibration:
    """Weights that turn measurements into log-likelihood ratios.

    Parameters
    ----------
    weights : mapping of str to sequence of float
        By source: bias, then one weight for each measure.
    """

    def __init__(self, weights: Mapping[str, Sequence[float]]) -> None:
        self.weights = {name: np.asarray(values, np.float64) for name, values in weights.items()}

    @classmethod
    def load(cls, path: str | Path = CALIBRATION) -> "Calibration":
        """Read the weights that come with the package, or others."""
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls(values["weights"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PinsError(f"{path}: not a calibration file ({error})") from error

    def ratio(self, name: str, measures: NDArray[np.float64] | None) -> float:
        """Log-likelihood ratio of one source."""
        if measures is None or name not in self.weights:
            return 0.0
        value = self.weights[name][0] + self.weights[name][1:] @ measures
        return float(np.clip(value, -MOST, MOST))


def gather_ratios(
    pieces: Sequence[Piece], sources: Sequence[EvidenceSource], calibration: Calibration
) -> list[dict[str, dict[str, float]]]:
    """Log-likelihood ratios by piece, track and source."""
    return [
        {
            track: {
                source.name: calibration.ratio(
                    source.name, source.measure(track, piece.start, piece.end)
                )
                for source in sources
            }
            for track in piece.tracks
        }
        for piece in pieces
    ]


def _usable(crop: Crops) -> bool:
    return len(crop.lips) >= FEWEST_FRAMES and float(np.median(crop.presence)) > MIN_PRESENCE
