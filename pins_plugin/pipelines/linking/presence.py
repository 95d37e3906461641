"""How often whoever speaks is shown, known but out of the picture, or never seen: inferred for each file.

In most files nearly every turn is that of a face in the picture; in some a narrator or an interviewer has half of them, in others
the listeners are shown. So the shares are themselves unknown, with a Dirichlet prior, and are inferred with the rest as in
variational Bayes: a first turn off screen is unlikely, a tenth is not.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln


class Presence(NamedTuple):
    """What is believed of a file."""

    # (3,) expected logarithm of the share of turns, while a face is shown, of faces that are shown, of those that are
    # away, and of voices without a face
    log_shares: NDArray[np.float64]
    divergence: float  # of the belief from the prior, in nats


def count_turns(
    visible: NDArray[np.bool_], stretch_of: NDArray[np.int64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Expected number of stretches, each counted by the part of it in which a face is shown, of each kind, (3,).

    Parameters
    ----------
    visible : (num_steps, num_faces) bool array
    stretch_of : (num_steps,) int64 array
        -1 where there is none.
    shares : (num_stretches, num_people) float64 array
        How far each stretch is each person's; faces first.

    Examples
    --------
    Two stretches: of the first face, shown for half of it while the other is shown all the time; of a voice without a face.

    >>> visible = np.array([[1, 1], [0, 1], [1, 0], [0, 0]], bool)
    >>> count_turns(visible, np.array([0, 0, 1, 1]), np.array([[1.0, 0, 0], [0, 0, 1]])).tolist()
    [0.5, 0.5, 0.5]
    """
    number, num_faces = len(shares), visible.shape[1]
    rows = np.hstack([visible, visible.any(axis=1, keepdims=True)]).astype(float)
    inside = stretch_of >= 0
    seen = np.zeros((number, num_faces + 1))
    np.add.at(seen, stretch_of[inside], rows[inside])
    seen /= np.maximum(np.bincount(stretch_of[inside], minlength=number), 1)[:, None]
    faces = shares[:, :num_faces]
    shown = float((faces * seen[:, :-1]).sum())
    known, hidden = seen[:, -1] @ faces.sum(axis=1), seen[:, -1] @ shares[:, num_faces:].sum(axis=1)
    return np.array([shown, max(float(known) - shown, 0.0), float(hidden)])


def believe_presence(
    turns: NDArray[np.float64], away: float, hidden: float, certainty: float
) -> Presence:
    """Update the belief.

    `turns` are expected numbers (3,) of each kind; `away` and `hidden` the logarithm of the mean share of the second and the
    third kind beside that of the first; `certainty` how many turns the prior counts for.

    Examples
    --------
    The more turns are spoken off screen, the likelier is the next.

    >>> for number in (0, 1, 5):
    ...     shares = believe_presence(np.array([5, 0, number]), -5, -5, 10).log_shares
    ...     print(round(shares[2] - shares[0], 1))
    -18.2
    -3.1
    -1.1
    """
    odds = np.exp(np.array([0.0, away, hidden]))
    before = certainty * odds / odds.sum()
    after = before + turns
    log_shares = digamma(after) - digamma(after.sum())
    divergence = _log_beta(before) - _log_beta(after) + float((after - before) @ log_shares)
    return Presence(log_shares, divergence)


def _log_beta(counts: NDArray[np.float64]) -> float:
    return float(gammaln(counts).sum() - gammaln(counts.sum()))
