"""What is heard, on the decoder's clock: how many speak, where the speaker changes, and the voices of short stretches."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.inference.voice_activity import SILERO_FRAME, speech_probability
from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, SPEAKERS, Segmentation

STEP = 0.1  # seconds, of the decoder; chosen, not measured
PAIRS = SPEAKERS[4:]
FLOOR = 1e-4  # least probability of a number of speakers; chosen, not measured
# Least probability of speech, and of silence: so that song and whispers, which voice activity detection takes for silence, are
# speech where the segmentation is sure; 0.003 and 0.03 did no better on scenes to choose by
SPEECH_FLOOR = 0.01
# Frames: speech reaches one further either way than voice activity detection says, as its regions are padded; chosen on scenes:
# none and two kept less of the speech, or more of the silence
PADDED = 3
ALONE = 0.5  # part of a stretch in which its local speaker speaks alone: most of it
MAX_STRETCH = 1.5  # seconds; chosen, not measured
CHANGE = 0.3  # probability of a change from which on it cuts a stretch; chosen, not measured
Embed = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Hearing:
    """What is heard."""

    counts: NDArray[np.float64]  # (num_steps, 3) log-probability that nobody, one, or more speak
    # (num_steps, 2) log-probability that nobody, or that somebody speaks, by voice activity detection
    speech: NDArray[np.float64]
    changes: NDArray[np.float64]  # (num_steps,) probability that somebody else speaks from here on
    stretches: NDArray[np.float64]  # (num_stretches, 2) start and end of one voice each, in seconds
    voices: NDArray[np.float64]  # (num_stretches, embedding_dim)
    stretch_of: NDArray[np.int64]  # (num_steps,) the stretch that each moment lies in, or -1
    # (num_groups, num_stretches) stretches of one local speaker around a moment at which two speak; rows sum to 1
    groups: NDArray[np.float64]
    # (num_steps, 2) where two speak at once: groups of both, -1 for unknown
    both: NDArray[np.int64]

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Length of each stretch, (num_stretches,)."""
        return self.stretches[:, 1] - self.stretches[:, 0]


def hear(
    segmentation: Segmentation,
    cuts: NDArray[np.bool_],
    embed: Embed,
    waveform: NDArray[np.float32] | None = None,
) -> Hearing:
    """Bring what is heard onto the decoder's clock.

    Parameters
    ----------
    cuts : (num_steps,) bool array
        Where the picture is cut, which often is where the speaker changes.
    embed : callable
        Stretches (num_stretches, 2) in seconds to their embeddings (num_stretches, num_dimensions).
    waveform : (num_samples,) float32 array, optional
        At 16 kHz, for voice activity detection, which says nothing when not given.
    """
    num_steps = len(cuts)
    step_of = np.clip((segmentation.times / STEP).astype(int), 0, num_steps - 1)
    counts = average_steps(np.exp(segmentation.count_log_probs()), segmentation.times, num_steps)
    changes = np.zeros(num_steps)
    np.maximum.at(changes, step_of, segmentation.change_probability())
    counts = np.log(np.maximum(counts, FLOOR))
    stretches, stretch_of = cut_stretches(counts, changes, cuts)
    groups, both = _pair_up(segmentation, counts, stretches)
    return Hearing(
        counts,
        np.zeros((num_steps, 2)) if waveform is None else hear_speech(waveform, num_steps),
        changes,
        stretches,
        embed(stretches),
        stretch_of,
        groups,
        both,
    )


def average_steps(
    values: NDArray[np.floating], times: NDArray[np.float64], num_steps: int
) -> NDArray[np.float64]:
    """Mean of `values` (num_times, num_classes) in each step; the first class is certain where there is none."""
    step_of = np.clip((times / STEP).astype(int), 0, num_steps - 1)
    number = np.bincount(step_of, minlength=num_steps)
    sums = [np.bincount(step_of, column, num_steps) for column in values.T]
    means = np.stack(sums, axis=1) / np.maximum(number, 1)[:, None]
    means[number == 0, 0] = 1.0
    return means


def hear_speech(waveform: NDArray[np.float32], num_steps: int) -> NDArray[np.float64]:
    """See `Hearing.speech`."""
    speech = maximum_filter1d(speech_probability(waveform).astype(np.float64), PADDED)
    times = (np.arange(len(speech)) + 0.5) * SILERO_FRAME / SAMPLE_RATE
    means = average_steps(np.stack([1 - speech, speech], axis=1), times, num_steps)
    return np.log(np.clip(means, SPEECH_FLOOR, 1 - SPEECH_FLOOR))


def _pair_up(
    segmentation: Segmentation, counts: NDArray[np.float64], stretches: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Say whose stretches those are who speak at once: see `Hearing.groups` and `Hearing.both`."""
    both = np.full((len(counts), 2), -1)
    groups: list[NDArray[np.float64]] = []
    number_of: dict[tuple[int, int], int] = {}
    width = segmentation.log_posteriors.shape[1]
    middles = segmentation.first_frames + width / 2
    for step in np.flatnonzero(counts.argmax(axis=1) == 2):
        frame = min(int((step + 0.5) * STEP / FRAME_STEP), segmentation.num_frames - 1)
        window = int(np.abs(middles - frame).argmin())
        first = int(segmentation.first_frames[window])
        posteriors = segmentation.log_posteriors[window]
        inside = min(max(frame - first, 0), width - 1)
        pair = PAIRS[int(posteriors[inside, 4:].argmax())]
        for slot, speaker in enumerate(pair):
            if (window, speaker) not in number_of:
                row = _alone(posteriors.argmax(axis=1) == 1 + speaker, first, stretches)
                number_of[window, speaker] = len(groups) if row is not None else -1
                if row is not None:
                    groups.append(row)
            both[step, slot] = number_of[window, speaker]
    return np.array(groups).reshape(len(groups), len(stretches)), both


def _alone(
    alone: NDArray[np.bool_], first: int, stretches: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Weights of the stretches in which a local speaker speaks alone, by their length; None where there is none."""
    frames = (stretches / FRAME_STEP).astype(int) - first
    begin, end = np.clip(frames, 0, len(alone)).T
    sums = np.concatenate([[0], np.cumsum(alone)])
    share = (sums[end] - sums[begin]) / np.maximum(end - begin, 1)
    weights = np.where(share > ALONE, stretches[:, 1] - stretches[:, 0], 0.0)
    return weights / weights.sum() if weights.sum() else None


def cut_stretches(
    counts: NDArray[np.float64],
    changes: NDArray[np.float64],
    cuts: NDArray[np.bool_],
    min_seconds: float = 0.3,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cut the speech of one voice at a time into stretches of at least `min_seconds` that change no speaker.

    `counts` and `changes` are as in `Hearing`, `cuts` as in `hear`; given are `stretches` and `stretch_of` of `Hearing`.
    """
    num_steps = len(counts)
    alone = counts.argmax(axis=1) == 1
    peaks = np.zeros(num_steps, bool)
    if num_steps > 2:
        inner = changes[1:-1]
        peaks[1:-1] = (inner >= changes[:-2]) & (inner > changes[2:]) & (inner > CHANGE)
    pieces = np.where(alone, 1 + np.cumsum(peaks | cuts | ~alone), 0)
    stretch_of = np.full(num_steps, -1)
    stretches: list[tuple[float, float]] = []
    for start, end in find_equal(pieces):
        seconds = (end - start) * STEP
        if alone[start] and seconds >= min_seconds - 1e-9:
            parts = max(1, int(np.ceil(seconds / MAX_STRETCH - 1e-9)))
            for first, last in pairwise(np.linspace(start, end, parts + 1).round().astype(int)):
                stretch_of[first:last] = len(stretches)
                stretches.append((first * STEP, last * STEP))
    return np.array(stretches).reshape(-1, 2), stretch_of


def find_equal(values: NDArray[Any]) -> list[tuple[int, int]]:
    """Begin and end of runs of equal values.

    Examples
    --------
    >>> find_equal(np.array([3, 3, 0, 1]))
    [(0, 2), (2, 3), (3, 4)]
    """
    borders = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return [(first, last) for first, last in pairwise(borders) if first < last]
