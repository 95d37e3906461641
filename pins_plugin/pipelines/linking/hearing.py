"""What is heard, on the decoder's clock: how many speak, where the speaker changes, and the voices of short stretches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP = 0.1  # seconds


@dataclass(frozen=True, eq=False)
class Hearing:
    """What is heard.

    Parameters
    ----------
    counts : (num_steps, 3) float64 array
        Log-probability that nobody, one, or more speak.
    changes : (num_steps,) float64 array
        Probability that somebody else speaks from here on, 0 to 1.
    stretches : (num_stretches, 2) float64 array
        Start and end of stretches of one voice, in seconds.
    voices : (num_stretches, num_dimensions) float64 array
        Their embeddings, in the space of `VoiceModel`.
    stretch_of : (num_steps,) int64 array
        The stretch that each moment lies in, or -1.
    groups : (num_groups, num_stretches) float64 array
        Stretches of one local speaker around a moment at which two speak; each row sums to 1.
    both : (num_steps, 2) int64 array
        Where two speak at once: the groups of both, or -1 where nothing is known of one.
    """

    counts: NDArray[np.float64]
    changes: NDArray[np.float64]
    stretches: NDArray[np.float64]
    voices: NDArray[np.float64]
    stretch_of: NDArray[np.int64]
    groups: NDArray[np.float64]
    both: NDArray[np.int64]

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Length of each stretch, (num_stretches,)."""
        return self.stretches[:, 1] - self.stretches[:, 0]


def cut_stretches(
    counts: NDArray[np.float64],
    changes: NDArray[np.float64],
    cuts: NDArray[np.bool_],
    *,
    longest: float = 1.5,
    shortest: float = 0.3,
    threshold: float = 0.3,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cut the speech of one voice at a time into stretches that change no speaker.

    Parameters
    ----------
    counts, changes
        See `Hearing`.
    cuts : (num_steps,) bool array
        Where the picture is cut.
    longest, shortest : float
        Seconds.
    threshold : float
        Of `changes`.

    Returns
    -------
    stretches : (num_stretches, 2) float64 array
    stretch_of : (num_steps,) int64 array
    """
    num_steps = len(counts)
    alone = counts.argmax(axis=1) == 1
    peaks = np.zeros(num_steps, bool)
    if num_steps > 2:
        inner = changes[1:-1]
        peaks[1:-1] = (inner >= changes[:-2]) & (inner > changes[2:]) & (inner > threshold)
    border = peaks | cuts
    stretch_of = np.full(num_steps, -1)
    stretches: list[tuple[float, float]] = []
    start = None
    for step in range(num_steps + 1):
        ends = step == num_steps or not alone[step] or border[step]
        if start is not None and ends:
            _split(start, step, longest, shortest, stretches, stretch_of)
            start = None
        if step < num_steps and alone[step] and start is None:
            start = step
    return np.array(stretches).reshape(-1, 2), stretch_of


def _split(
    start: int,
    end: int,
    longest: float,
    shortest: float,
    stretches: list[tuple[float, float]],
    stretch_of: NDArray[np.int64],
) -> None:
    if (end - start) * STEP < shortest - 1e-9:
        return
    parts = max(1, int(np.ceil((end - start) * STEP / longest - 1e-9)))
    borders = np.linspace(start, end, parts + 1).round().astype(int)
    for first, last in zip(borders[:-1], borders[1:], strict=True):
        stretch_of[first:last] = len(stretches)
        stretches.append((first * STEP, last * STEP))
