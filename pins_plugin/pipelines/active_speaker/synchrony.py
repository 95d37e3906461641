"""Do lips and sound fit? Evidence from the synchronization model, at the offset of each person.

Sound and picture are seldom aligned to the frame: re-encoding, cutting and cameras shift them by a constant,
which differs between the sources of an edited video. So the offset of each person is found first: the one at
which the lips fit the sound of one speaker best over the whole file, where each speaker is one person's as far as
may be. A face that speaks shows a clear peak there; one that merely moves fits at some other offset as well as at
its own.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pins_plugin.inference.synchronizer import Synchronizer, offset_curve
from pins_plugin.pipelines.linking.assignment import presence_ratios
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.tracking.crops import Crops

RATE = 25.0  # Hz, of the model's frames
MAX_OFFSET = 17  # frames, either way
NUM_OFFSETS = 2 * MAX_OFFSET + 1
STRETCH = 60.0  # seconds of a face that are encoded at once
LAP = 1.0  # seconds that are looked at beyond both ends
NEAR = 1  # frames: offsets this close to a person's own count as aligned
FAR = 4  # frames: offsets from here on serve as comparison
OFFSET_PENALTY = 0.05  # per frame: large offsets need more evidence
PRESENCE_BONUS = 0.2
SHARED = 1.0  # height that a person must gain by a speaker whom another has taken
EDGE = 2  # outermost offsets, where a peak cannot be told from a slope
FEWEST_FRAMES = 8
HALF_WINDOW = 0.5  # seconds, of what is judged around a moment
MIN_PRESENCE = 0.0  # logit of "this crop shows a face"


class TrackCurves(NamedTuple):
    """How well the lips of one track fit the sound, frame by frame and offset by offset."""

    times: NDArray[np.float64]  # (num_frames,) seconds
    similarities: NDArray[np.float32]  # (num_frames, num_offsets)


def compare_track(
    crop: Crops, waveform: NDArray[np.float32], synchronizer: Synchronizer
) -> TrackCurves:
    """Run the synchronizer over one track, a minute at a time: two hours of one face would not fit into memory.

    Parameters
    ----------
    crop : Crops
        With lips, usable (`is_usable`).
    waveform : (num_samples,) float32 array
        At 16 kHz.
    synchronizer : Synchronizer
    """
    times, similarities = [], []
    for start in np.arange(crop.times[0], crop.times[-1] + 1e-6, STRETCH):
        end = start + STRETCH
        near = slice(*np.searchsorted(crop.times, [start - LAP, end + LAP]))
        features = synchronizer.features(
            crop.lips[near], crop.times[near], waveform, max_offset=MAX_OFFSET
        )
        inside = slice(*np.searchsorted(features.times, [start, end]))
        times.append(features.times[inside])
        similarities.append(features.similarities[inside])
    return TrackCurves(np.concatenate(times), np.concatenate(similarities))


def lead_features(
    curves: TrackCurves, times: NDArray[np.float64]
) -> NDArray[np.float32]:
    """How well lips fit the sound at moments of the sound, for each offset that it may have.

    Means over `HALF_WINDOW` seconds before and after: similarity at the offset, its lead over the mean of offsets far from
    it, and over the best of those. A face that makes the sound shows a clear peak; one that merely moves fits at other
    offsets as well.

    Parameters
    ----------
    curves : TrackCurves
    times : (num_times,) float64 array
        In seconds of the sound.

    Returns
    -------
    features : (num_times, NUM_OFFSETS, 3) float32 array
        NaN where nothing can be said.
    """
    leads = _leads(_smooth(curves))
    features = np.full((len(times), NUM_OFFSETS, 3), np.nan, np.float32)
    if not len(curves.times):
        return features
    for offset in range(NUM_OFFSETS):
        lips = times - (offset - MAX_OFFSET) / RATE
        rows = np.clip(np.searchsorted(curves.times, lips), 0, len(curves.times) - 1)
        inside = (lips >= curves.times[0] - 0.5 / RATE) & (lips <= curves.times[-1] + 1.5 / RATE)
        features[inside, offset] = leads[rows[inside], offset]
    return features


def _smooth(curves: TrackCurves) -> NDArray[np.float64]:
    """Mean similarity around each frame, (num_frames, num_offsets)."""
    times, similarities = curves
    known = np.isfinite(similarities)
    sums, counts = _running_sum(np.where(known, similarities, 0.0)), _running_sum(known)
    first, last = np.searchsorted(times, [times - HALF_WINDOW - 1e-6, times + HALF_WINDOW + 1e-6])
    number = counts[last] - counts[first]
    means = (sums[last] - sums[first]) / np.maximum(number, 1)
    return np.where(number >= FEWEST_FRAMES, means, np.nan)


def _leads(curves: NDArray[np.float64]) -> NDArray[np.float32]:
    """Similarity at each offset and its two leads, (num_frames, num_offsets, 3)."""
    known = np.isfinite(curves)
    filled = np.where(known, curves, 0.0)
    lowest = np.where(known, curves, -np.inf)
    total, number = filled.sum(axis=1), known.sum(axis=1)
    leads = np.empty((*curves.shape, 3), np.float32)
    for offset in range(curves.shape[1]):
        near = slice(max(0, offset - NEAR), offset + NEAR + 1)
        around = slice(max(0, offset - FAR + 1), offset + FAR)
        now = lowest[:, near].max(axis=1)
        count = np.maximum(number - known[:, around].sum(axis=1), 1)
        mean = (total - filled[:, around].sum(axis=1)) / count
        best = np.maximum(
            lowest[:, : around.start].max(axis=1, initial=-np.inf),
            lowest[:, around.stop :].max(axis=1, initial=-np.inf),
        )
        with np.errstate(invalid="ignore"):
            leads[:, offset] = np.stack([now, now - mean, now - best], axis=1)
    leads[~np.isfinite(leads).all(axis=2)] = np.nan
    return leads


class SynchronyEvidence:
    """Similarity of lips and sound at each person's own offset, beside other offsets.

    Parameters
    ----------
    curves : mapping of str to TrackCurves
        By the name of the track; see `compare_track`.
    pieces : sequence of Piece
        What the offsets are found on.
    person_of : mapping of str to str
        Track -> person.
    presence_bonus : float
        How much the log-likelihood ratio of being on screen when a speaker is heard counts when it is asked
        whose sound tells a person's offset.
    """

    name = "sync"

    def __init__(
        self,
        curves: Mapping[str, TrackCurves],
        pieces: Sequence[Piece],
        person_of: Mapping[str, str],
        presence_bonus: float = PRESENCE_BONUS,
    ) -> None:
        self.curves = curves
        self.person_of = person_of
        self.presence_bonus = presence_bonus
        self.offsets = self._find_offsets(pieces)

    def offset_of(self, track: str) -> float:
        """Seconds by which the sound of a track's person comes late."""
        return self.offsets.get(self.person_of[track], 0) / RATE

    def measure(self, track: str, start: float, end: float) -> NDArray[np.float64] | None:
        """Similarity now, its lead over the mean of other offsets and over the best of them, times root of seconds."""
        rows = self._rows(track, start, end)
        if len(rows) < FEWEST_FRAMES:
            return None
        lead = synchrony_lead(offset_curve(rows), self.offsets.get(self.person_of[track], 0))
        return None if lead is None else lead * np.sqrt(len(rows) / RATE)

    def follow(
        self, track: str, times: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Measures of a window around each moment of the sound.

        Parameters
        ----------
        track : str
        times : (num_times,) float64 array
            In seconds.

        Returns
        -------
        measures : (num_times, 3) float64 array
            As of `measure`; NaN where nothing can be said.
        seconds : (num_times,) float64 array
            Of the lips that each rests on.
        """
        measures, seconds = np.full((len(times), 3), np.nan), np.zeros(len(times))
        if track not in self.curves or not len(times):
            return measures, seconds
        clock, similarities = self.curves[track]
        known = np.isfinite(similarities)
        sums = _running_sum(np.where(known, similarities, 0.0))
        counts = _running_sum(known)
        rows = _running_sum(known.max(axis=1, keepdims=True))[:, 0]
        middle = times - self.offset_of(track)
        first, last = np.searchsorted(clock, [middle - HALF_WINDOW, middle + HALF_WINDOW])
        seconds = (rows[last] - rows[first]) / RATE
        number = counts[last] - counts[first]
        curves = np.where(number > 0, (sums[last] - sums[first]) / np.maximum(number, 1), np.nan)
        offset = self.offsets.get(self.person_of[track], 0)
        for index in np.flatnonzero(seconds * RATE >= FEWEST_FRAMES):
            lead = synchrony_lead(curves[index], offset)
            if lead is not None:
                measures[index] = lead * np.sqrt(seconds[index])
        return measures, seconds

    def _rows(self, track: str, start: float, end: float) -> NDArray[np.float32]:
        """Similarities (num_frames, num_offsets) of a track between two times."""
        if track not in self.curves:
            return np.zeros((0, 2 * MAX_OFFSET + 1), np.float32)
        times, similarities = self.curves[track]
        rows = similarities[(times >= start) & (times < end)]
        return rows[np.isfinite(rows).any(axis=1)]

    def _find_offsets(self, pieces: Sequence[Piece]) -> dict[str, int]:
        """Frames by which each person's sound comes late."""
        sums: dict[tuple[str, str], NDArray[np.float64]] = {}
        counts: dict[tuple[str, str], int] = {}
        for piece in pieces:
            for track in piece.tracks:
                rows = self._rows(track, piece.start, piece.end)
                if len(rows):
                    pair = self.person_of[track], piece.speaker
                    sums[pair] = sums.get(pair, 0.0) + np.nansum(rows, axis=0)
                    counts[pair] = counts.get(pair, 0) + len(rows)
        people = list(dict.fromkeys(person for person, _ in sums))
        speakers = sorted({piece.speaker for piece in pieces})
        peaks = np.full((len(people), len(speakers)), -np.inf)  # never seen while heard
        offsets = np.zeros(peaks.shape, np.int64)
        for (person, speaker), total in sums.items():
            cell = people.index(person), speakers.index(speaker)
            peaks[cell], offsets[cell] = find_peak(total / np.sqrt(counts[person, speaker]))
        presence = presence_ratios(pieces, self.person_of, speakers, people).T
        chosen = assign_sound(peaks + self.presence_bonus * presence)
        return {
            person: int(offset)
            for person, offset in zip(people, offsets[np.arange(len(people)), chosen], strict=True)
        }


def find_peak(curve: NDArray[np.floating]) -> tuple[float, int]:
    """Find where a curve peaks, and by how much it stands out.

    Parameters
    ----------
    curve : (num_offsets,) array
        Sum of similarities over the root of their number, so that chance has the same size in all; the middle
        is offset zero.

    Returns
    -------
    height : float
        Over the mean of the curve; large offsets need more.
    offset : int
        In frames, positive where the sound comes late.
    """
    middle = len(curve) // 2
    smoothed = np.convolve(curve, [0.25, 0.5, 0.25], "same")
    penalty = OFFSET_PENALTY * np.abs(np.arange(len(curve)) - middle)
    inner = (smoothed - penalty)[EDGE : len(curve) - EDGE]
    best = int(inner.argmax())
    return float(inner[best] - smoothed[1:-1].mean()), best + EDGE - middle


def assign_sound(peaks: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose the speaker whose sound tells each person's offset, for all people at once.

    A listener fits whoever speaks for long at some offset. So a speaker is one person's, unless two stand out by far:
    the diarization may have taken their voices for one.

    Parameters
    ----------
    peaks : (num_people, num_speakers) float64 array
        Heights of the best offsets.

    Returns
    -------
    speakers : (num_people,) int64 array

    Examples
    --------
    >>> assign_sound(np.array([[2.0, 2.6], [1.0, 2.5]]))
    array([0, 1])
    """
    if not peaks.size:
        return np.zeros(len(peaks), np.int64)
    speakers = peaks.argmax(axis=1)
    gains = peaks - peaks.max(axis=1, keepdims=True) + SHARED  # of having a speaker alone
    people, own = linear_sum_assignment(gains.clip(min=0.0), maximize=True)
    alone = gains[people, own] > 0
    speakers[people[alone]] = own[alone]
    return np.asarray(speakers, np.int64)


def synchrony_lead(curve: NDArray[np.floating], offset: int) -> NDArray[np.float64] | None:
    """Similarity at an offset, and its lead over the mean and over the best of the others, (3,).

    Parameters
    ----------
    curve : (num_offsets,) array
        Mean similarity at each offset; may hold NaN.
    offset : int
        In frames.
    """
    place = np.arange(len(curve)) - len(curve) // 2 - offset
    near, far = curve[np.abs(place) <= NEAR], curve[np.abs(place) >= FAR]
    if not np.isfinite(near).any() or not np.isfinite(far).any():
        return None
    now = np.nanmax(near)
    return np.array([now, now - np.nanmean(far), now - np.nanmax(far)], np.float64)


def is_usable(crop: Crops) -> bool:
    """Whether a track has enough frames that show a face."""
    return len(crop.lips) >= FEWEST_FRAMES and float(np.median(crop.presence)) > MIN_PRESENCE


def _running_sum(values: NDArray) -> NDArray[np.float64]:
    """Sum of the rows before each row, and of all: (num_rows + 1, num_columns)."""
    return np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
