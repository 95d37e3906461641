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
from pins_plugin.pipelines.active_speaker.mouth_motion import (
    RATE,
    loudness,
    motion_score,
    mouth_signals,
)
from pins_plugin.pipelines.active_speaker.synchrony import FEWEST_FRAMES, is_usable
from pins_plugin.pipelines.linking.assignment import Ratios
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.tracking.crops import Crops

CALIBRATION = Path(__file__).with_name("calibration.json")
MOST = 6.0  # largest log-likelihood ratio that one piece may contribute
FITTING = 2.0  # log-likelihood ratio of lips that surely fit
KNOWN = 1.0  # seconds of such lips by which a person's usual fit is half known
VARIANCE = 3.5  # of the fit of one person's lips, whether the person speaks or not
LONGEST = 4.0  # seconds of a piece for which the usual fit is expected: heads turn


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
            return float(measures.sum())
        return float(self.weights[name][0] + self.weights[name][1:] @ measures)

    def bias(self, name: str) -> float:
        """Log-likelihood ratio of a source that measures nothing but zeros."""
        return float(self.weights[name][0]) if name in self.weights else 0.0

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
) -> Sequence[Ratios]:
    """Log-likelihood ratios by piece, track and source; no limits yet, see `limit_ratios`."""
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


def limit_ratios(ratios: Sequence[Ratios]) -> Sequence[Ratios]:
    """Let no piece contribute more than `MOST` either way."""
    return [
        {
            track: {name: float(np.clip(ratio, -MOST, MOST)) for name, ratio in by_source.items()}
            for track, by_source in by_track.items()
        }
        for by_track in ratios
    ]


def expect_usual_fit(
    pieces: Sequence[Piece],
    ratios: Sequence[Ratios],
    person_of: Mapping[str, str],
    name: str,
    bias: float,
) -> Sequence[Ratios]:
    """Let lips that fit the sound less than the same person's lips do elsewhere speak against the person.

    The calibration knows how well lips fit on average. Here the fit (the ratio over its bias) is normally distributed
    around what is usual in the person's other pieces, or around nothing where the person is silent; usual fits grow
    with the root of seconds, as `SynchronyEvidence.measure` does. The lower of both ratios counts.

    Parameters
    ----------
    pieces : sequence of Piece
    ratios : sequence of mappings
        Of each piece: track -> source -> log-likelihood ratio.
    person_of : mapping of str to str
        Track -> person.
    name : str
        The source whose ratios are lowered; those of zero say nothing and stay.
    bias : float
        Its ratio where nothing fits.

    Returns
    -------
    ratios : sequence of mappings
    """
    lowered = [
        {track: dict(by_source) for track, by_source in by_track.items()} for by_track in ratios
    ]
    rows = [
        (piece.duration, person_of[track], by_source)
        for piece, by_track in zip(pieces, lowered, strict=True)
        for track, by_source in by_track.items()
        if by_source.get(name)
    ]
    if not rows:
        return lowered
    seconds = np.array([duration for duration, _, _ in rows])
    _, who = np.unique([person for _, person, _ in rows], return_inverse=True)
    values = np.array([by_source[name] for _, _, by_source in rows])
    fitting = np.where(values >= FITTING, seconds, 0.0)
    fits = fitting * (values - bias) / np.sqrt(seconds)
    other_seconds = np.bincount(who, fitting)[who] - fitting
    other_fits = np.bincount(who, fits)[who] - fits
    usual = other_fits / np.maximum(other_seconds, 1e-9)  # of a second
    usual *= np.sqrt(np.minimum(seconds, LONGEST))
    expected = (values - bias - usual / 2) * usual / VARIANCE
    known = other_seconds / (other_seconds + KNOWN)
    values += known * np.minimum(0.0, expected - values)
    for (_, _, by_source), value in zip(rows, values, strict=True):
        by_source[name] = float(value)
    return lowered
