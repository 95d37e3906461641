"""Where turns begin and end, finer than the decoder's clock: by the frames of the segmentation.

For files of sound alone, of whose turns nothing but the speech decides.
"""

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, HOP, Segmentation
from pins_plugin.pipelines.linking.hearing import STEP

# Seconds either side within which a border is looked for; 0.05, 0.1, 0.2 and none were tried (recipes/Diarization)
BORDER_REACH = 0.1


def place_borders(
    said: NDArray[np.bool_], segmentation: Segmentation, reach: float = BORDER_REACH
) -> NDArray[np.float64]:
    """Times of the borders between steps; where the number of speakers changes, the likeliest time nearby.

    Parameters
    ----------
    said : (num_steps, num_people) bool array
        Who speaks at each step.
    segmentation : Segmentation
    reach : float
        Seconds by which a border may move; frames are 17 ms apart.

    Returns
    -------
    times : (num_steps + 1,) float64 array
        In seconds, increasing.
    """
    times = np.arange(len(said) + 1) * STEP
    counts, number = segmentation.count_log_probs(), np.minimum(said.sum(axis=1), 2)
    first = float(segmentation.times[0]) - HOP / 2 / SAMPLE_RATE  # beginning of the first frame
    for step in np.flatnonzero(np.diff(number)) + 1:
        begin, end = (times[step] + np.array([-reach, reach]) - first) / FRAME_STEP
        frames = slice(max(int(np.ceil(begin)), 0), max(int(end), 0))
        gains = counts[frames, number[step - 1]] - counts[frames, number[step]]
        if len(gains):  # the border that gives most to both sides
            before = np.concatenate([[0.0], np.cumsum(gains)])
            times[step] = first + (frames.start + int(before.argmax())) * FRAME_STEP
    return np.maximum.accumulate(times)
