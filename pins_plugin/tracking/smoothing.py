"""From what was seen at single pictures to steady boxes and landmarks at every picture."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

Array = NDArray[np.float32]


def fill_gaps(
    positions: NDArray[np.float64], values: Array, wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate linearly in time.

    Parameters
    ----------
    positions : (num_seen,) float array
        Increasing times at which `values` are known.
    values : (num_seen, num_values) float array
    wanted : (num_frames,) float array
        Times to fill in; the first and last known values hold beyond the ends.

    Returns
    -------
    filled : (num_frames, num_values) float64 array
    """
    return np.stack([np.interp(wanted, positions, column) for column in values.T], axis=1)


def smooth(values: NDArray[np.float64], window: int = 5) -> NDArray[np.float64]:
    """Take the jitter out of (num_frames, num_values) curves: a running median of three, then a running parabola.

    The median removes single outliers; the parabola (Savitzky and Golay, 1964) leaves motion that is
    smooth over the window as it is, so that a mouth that opens is not flattened.
    """
    if len(values) >= 3:
        inner = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
        values = np.concatenate([values[:1], inner, values[-1:]])
    window = min(window, len(values) - (len(values) % 2 == 0))
    if window < 5:
        return values
    return np.asarray(savgol_filter(values, window, polyorder=2, axis=0))
