"""Who speaks, by the segmentation's own voices: the local speakers of ten seconds, named by those who were heard.

Voices of single stretches say little where turns are short; the segmentation hears ten seconds at once. Whoever, by voice, speaks
most of the time in which a local speaker speaks alone probably is that local speaker, in overlap and in short turns too.
"""

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, MEMBERSHIP, Segmentation
from pins_plugin.pipelines.linking.hearing import STEP, average_steps

# Least share of a person: the segmentation may take two voices for one; 0.2 did no better
LEAST_SHARE = 0.05
# Seconds for which a local speaker counts as anybody, by how much each speaks; 0.05 and 0.5 did alike
ANYBODY = 0.17


def name_local_speakers(
    segmentation: Segmentation, speaking: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logarithm of how far those who are heard at each step are each person.

    Parameters
    ----------
    segmentation : Segmentation
    speaking : (num_steps, num_people) float64 array
        Probability that each speaks, as far as is known.

    Returns
    -------
    log_shares : (num_steps, num_people) float64 array
        From log(`LEAST_SHARE`) to 0; averaged over windows.
    """
    num_steps, num_people = speaking.shape
    steps = np.clip((segmentation.times / STEP).astype(int), 0, num_steps - 1)
    prior = speaking.sum(axis=0) / max(float(speaking.sum()), 1e-9)
    prior *= ANYBODY / FRAME_STEP  # frames
    total = np.zeros((segmentation.num_frames, num_people))
    weight = np.zeros((segmentation.num_frames, 1))
    for window, log_posteriors in enumerate(segmentation.log_posteriors):
        frames = segmentation.frames_of(window)
        posteriors = np.exp(log_posteriors[: frames.stop - frames.start])
        met = posteriors[:, 1:4].T @ speaking[steps[frames]] + prior  # (3, num_people) frames
        names = met / np.maximum(met.sum(axis=1, keepdims=True), 1e-9)
        share = segmentation.edge_weights(window)[:, None]
        total[frames] += share * np.minimum(posteriors @ MEMBERSHIP @ names, 1.0)
        weight[frames] += share
    shares = average_steps(total / weight, segmentation.times, num_steps)
    return np.asarray(np.log(np.maximum(shares, LEAST_SHARE)))
