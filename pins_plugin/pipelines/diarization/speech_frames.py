"""Speech on a clock: frames that are decided, and the windows of sound around them that are embedded.

Where a cut of the picture falls into speech, the speaker often changes with it. So no window reaches across a
cut: each hears one side only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment

from pins_plugin.pipelines.diarization.voices import (
    WINDOW,
    Regions,
    iter_embeddings,
    place_windows,
    spread_times,
)
from pins_plugin.utils.vectors import unit

FRAME = 0.1  # seconds
HOP = 0.2  # seconds between windows
SHORTEST = 0.5  # seconds; a shorter window tells little of a voice
TENTH = 0.1  # seconds, to which the lengths of windows are rounded, so that they can share a batch
MARGIN = 0.3  # seconds around the middle of a window that must be one speaker's
PURE = 0.999  # share of them, up to rounding


@dataclass(frozen=True, eq=False)
class SpeechFrames:
    """Frames and windows, both in order of time.

    Parameters
    ----------
    parts : list of (start, end)
        Regions of speech, cut where the picture is cut; in seconds.
    times : (num_frames,) float64 array
        Middle of each frame, in seconds.
    part_of_frame : (num_frames,) int64 array
    starts, lengths : (num_windows,) float64 array
        In seconds.
    part_of_window : (num_windows,) int64 array
    """

    parts: Regions
    times: NDArray[np.float64]
    part_of_frame: NDArray[np.int64]
    starts: NDArray[np.float64]
    lengths: NDArray[np.float64]
    part_of_window: NDArray[np.int64]

    @classmethod
    def lay(cls, speech: Regions, cuts: Sequence[float] = ()) -> "SpeechFrames":
        """Lay frames and windows over at least one region of speech."""
        parts = split_regions(speech, cuts)
        times, part_of_frame = spread_times(parts, FRAME)
        starts, lengths, windows_in = [], [], []
        for start, end in parts:
            length = float(np.clip(round((end - start) / TENTH) * TENTH, SHORTEST, WINDOW))
            first = np.array([max(0.0, (start + end - length) / 2)])
            if end - start > WINDOW:
                first = place_windows([(start, end)], WINDOW, HOP)
            starts.append(first)
            lengths.append(np.full(len(first), length))
            windows_in.append(len(first))
        numbers = np.arange(len(parts))
        return cls(
            parts,
            times,
            part_of_frame,
            np.concatenate(starts),
            np.concatenate(lengths),
            np.repeat(numbers, windows_in),
        )

    def embed(
        self, waveform: NDArray[np.float32], voice_encoder: torch.nn.Module
    ) -> NDArray[np.float64]:
        """Embed each window, (num_windows, embedding_dim) of unit length."""
        sizes = np.round(self.lengths, 3)
        embeddings: NDArray[np.float64] | None = None
        for size in np.unique(sizes):
            chosen = np.flatnonzero(sizes == size)
            for rows, found in iter_embeddings(
                waveform, self.starts[chosen], float(size), voice_encoder
            ):
                if embeddings is None:
                    embeddings = np.zeros((len(sizes), found.shape[1]))
                embeddings[chosen[rows]] = found
        assert embeddings is not None
        return embeddings

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate values of windows (num_windows, num_values) to frames, within each part."""
        centers = self.starts + self.lengths / 2
        spread = np.empty((len(self.times), values.shape[1]))
        for number in range(len(self.parts)):
            frames, windows = self.part_of_frame == number, self.part_of_window == number
            for column in range(values.shape[1]):
                spread[frames, column] = np.interp(
                    self.times[frames], centers[windows], values[windows, column]
                )
        return spread

    def mean_voice(
        self, embeddings: NDArray[np.float64], chosen: NDArray[np.bool_]
    ) -> NDArray[np.float64] | None:
        """Average the windows that hear chosen frames (num_frames,) only; None where no window does."""
        share = self.heard_share(chosen)
        for least in (PURE, 0.6):
            if (share >= least).any():
                return unit(embeddings[share >= least].mean(axis=0))
        return None

    def heard_share(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """How much of what each window hears are chosen frames (num_frames,), 0 to 1."""
        centers = self.starts + self.lengths / 2
        first, last = np.searchsorted(self.times, [centers - MARGIN, centers + MARGIN])
        counts = np.concatenate([[0], np.cumsum(chosen)])
        return np.asarray((counts[last] - counts[first]) / np.maximum(last - first, 1))

    def turns(self, states: NDArray[np.int64], names: Sequence[str], uri: str | None) -> Annotation:
        """Join frames (num_frames,) of equal states to turns."""
        turns = Annotation(uri=uri)
        for number, (start, end) in enumerate(self.parts):
            frames = np.flatnonzero(self.part_of_frame == number)
            changes = frames[1:][np.diff(states[frames]) != 0]
            borders = [start, *(self.times[changes - 1] + self.times[changes]) / 2, end]
            for first, (begin, stop) in zip([frames[0], *changes], pairwise(borders), strict=True):
                turns[Segment(float(begin), float(stop))] = names[states[first]]
        return turns.support(collar=0.02)


def split_regions(regions: Regions, cuts: Sequence[float], shortest: float = FRAME) -> Regions:
    """Split regions at cuts that lie at least `shortest` seconds from both ends.

    Examples
    --------
    >>> split_regions([(0.0, 2.0), (3.0, 4.0)], [1.5, 2.5, 3.95])
    [(0.0, 1.5), (1.5, 2.0), (3.0, 4.0)]
    """
    parts = []
    for start, end in regions:
        for cut in sorted(cuts):
            if start + shortest < cut < end - shortest:
                parts.append((start, float(cut)))
                start = float(cut)
        parts.append((start, end))
    return parts
