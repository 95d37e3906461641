"""How often somebody speaks who is not shown, although a face is: inferred for each file.

Most files have no such speaker, some have one in every second turn (an interviewer, a narrator). So the share of turns that are
spoken off screen is itself unknown, with a Beta prior, and is inferred with the rest as in variational Bayes: a first such
turn is unlikely, a tenth is not.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betaln, digamma, expit


class OffScreen(NamedTuple):
    """What is believed of a file.

    Parameters
    ----------
    log_odds : float
        Expected logarithm of the odds that a turn is spoken off screen.
    divergence : float
        Of the belief from the prior, in nats.
    """

    log_odds: float
    divergence: float


def believe_off_screen(hidden: float, shown: float, prior: tuple[float, ...]) -> OffScreen:
    """Update the belief.

    Parameters
    ----------
    hidden, shown : float
        Expected number of turns of those who are not shown, and of those who are.
    prior : tuple of 2 floats
        Log-odds of the mean share, and how many turns the prior counts for.

    Examples
    --------
    The more turns are spoken off screen, the likelier is the next.

    >>> [round(believe_off_screen(hidden, 5, (-5.0, 10.0)).log_odds, 1) for hidden in (0, 1, 5)]
    [-18.1, -3.1, -1.1]
    """
    logit, turns = prior
    before = np.array([expit(logit), expit(-logit)]) * turns
    after = before + np.array([hidden, shown])
    gained = float((after - before) @ digamma(after) - (hidden + shown) * digamma(after.sum()))
    divergence = float(betaln(*before) - betaln(*after)) + gained
    return OffScreen(float(digamma(after[0]) - digamma(after[1])), divergence)
