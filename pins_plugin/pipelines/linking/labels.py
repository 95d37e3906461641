"""Speakers that were given: a label speaks for the person who has it elsewhere in the file, as a voice does."""

import numpy as np
from numpy.typing import NDArray

# Seconds of every label that each person is taken to have spoken; chosen, not measured
SMOOTHING = 1.0


def label_ratios(
    labels: NDArray[np.int64], seconds: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log-likelihood ratio of each stretch's label being each person's, against anybody's.

    Parameters
    ----------
    labels : (num_stretches,) int64 array
    seconds : (num_stretches,) float64 array
    shares : (num_stretches, num_people) float64 array
        How far each stretch is each person's; a stretch does not vouch for itself.

    Returns
    -------
    ratios : (num_stretches, num_people) float64 array
    """
    if not len(labels):
        return np.zeros(shares.shape)
    number = int(labels.max()) + 1
    spoken = seconds[:, None] * shares
    by_label = np.zeros((number, shares.shape[1]))
    np.add.at(by_label, labels, spoken)
    mine = by_label[labels] - spoken
    all_mine = by_label.sum(axis=0) - spoken
    chance = (np.bincount(labels, seconds, number) + SMOOTHING) / (
        seconds.sum() + number * SMOOTHING
    )
    prior = SMOOTHING * number * chance[labels][:, None]
    found = (mine + prior) / (all_mine + SMOOTHING * number)
    return np.asarray(np.log(found / chance[labels][:, None]))
