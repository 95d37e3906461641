"""What speaks for "this face makes this sound", per piece of a turn and per face, as log-likelihood ratios.

Each source of evidence measures a few numbers; a logistic calibration, fitted on held-out people, turns them
into a log-likelihood ratio. A source that cannot say anything contributes zero.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.audio import SAMPLE_RATE
from pins_plugin.errors import PinsError
from pins_plugin.pipelines.mouth_motion import RATE, loudness, motion_score, mouth_signals
from pins_plugin.pipelines.pieces import Piece
from pins_plugin.pipelines.synchrony import FEWEST_FRAMES, is_usable
from pins_plugin.tracking.crops import Crops

CALIBRATION = Path(__file__).with_name("calibration.json")
MOST = 6.0  # largest log-likelihood ratio that one piece may contribute


def no_offset(track: str) -> float:
    """Sound and picture of every track are aligned."""
    return 0.0


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
    offset_of : callable
        Track -> seconds by which the sound comes late.
    """

    name = "motion"

    def __init__(
        self,
        crops: Mapping[str, Crops],
        waveform: NDArray[np.float32],
        offset_of: Callable[[str], float] = no_offset,
    ) -> None:
        self.sound = loudness(waveform, SAMPLE_RATE)
        self.offset_of = offset_of
        self.starts = {
            name: float(crop.times[0]) for name, crop in crops.items() if is_usable(crop)
        }
        self.signals = {
            name: mouth_signals(crops[name].lips, crops[name].times) for name in self.starts
        }

    def measure(self, track: str, start: float, end: float) -> NDArray[np.float64] | None:
        """Score of `motion_score`."""
        if track not in self.signals:
            return None
        begin = self.starts[track]
        first = max(0, round((start - begin) * RATE))
        signals = self.signals[track][first : max(0, round((end - begin) * RATE))]
        if len(signals) < FEWEST_FRAMES:
            return None
        place = round((begin + self.offset_of(track)) * RATE) + first
        return np.array([motion_score(signals, self.sound, place)])


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
        """Log-likelihood ratio of one source; one that is not calibrated here gives ratios itself."""
        if measures is None:
            return 0.0
        if name not in self.weights:
            return float(np.clip(measures.sum(), -MOST, MOST))
        value = self.weights[name][0] + self.weights[name][1:] @ measures
        return float(np.clip(value, -MOST, MOST))

    def rates(
        self, name: str, measures: NDArray[np.float64], seconds: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Log-likelihood ratios per second (num_times,) of a source followed over time.

        Parameters
        ----------
        name : str
        measures : (num_times, num_measures) array
            NaN where nothing can be said.
        seconds : (num_times,) array
            That each rests on.
        """
        values = self.weights[name][0] + measures @ self.weights[name][1:]
        ratios = np.clip(np.nan_to_num(values), -MOST, MOST)
        return np.asarray(ratios / np.maximum(seconds, 1e-9) * (seconds > 0), np.float64)


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
