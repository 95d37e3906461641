"""Canonical correlation with shrinkage: the directions in which faces and voices agree, in closed form.

With a few hundred people and hundreds of dimensions there are more weights than evidence. Gradient descent then
overfits within tens of steps; here every direction is a singular vector of one whitened cross-covariance, and what is left to
choose (how much to whiten, how many directions, their weights) is chosen on people held out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """First and second moments of one modality.

    Parameters
    ----------
    mean : (dim,) array
    variances : (dim,) array
        Along the principal axes, increasing.
    axes : (dim, dim) array
        Principal axes in columns.
    """

    mean: Array
    variances: Array
    axes: Array

    @classmethod
    def of(cls, values: Array, weights: Array) -> "Moments":
        """Measure `values` (num_rows, dim) under `weights` (num_rows,) that sum to one."""
        mean = weights @ values
        centered = values - mean
        variances, axes = np.linalg.eigh((centered * weights[:, None]).T @ centered)
        return cls(mean, variances.clip(min=0), axes)

    def whitening(self, shrinkage: float, power: float) -> Array:
        """Matrix (dim, dim) that evens the variances out.

        Parameters
        ----------
        shrinkage : float
            In [0, 1]: how far each variance moves to their mean before it is divided by.
        power : float
            In [0, 1]: 1 divides by the standard deviation, 0 leaves the data as they are.
        """
        mean = self.variances.mean()
        variances = (1 - shrinkage) * self.variances + shrinkage * mean + 1e-3 * mean
        return np.asarray((self.axes * (variances / mean) ** (-power / 2)) @ self.axes.T)

    def spread(self, directions: Array) -> Array:
        """Standard deviation along each of some directions, columns of (dim, num_directions)."""
        along = self.axes.T @ directions  # (dim, num_directions)
        return np.sqrt(self.variances @ along**2).clip(min=1e-12)


@dataclass(frozen=True, eq=False)
class CanonicalDirections:
    """Directions in which two modalities agree, most agreeing first.

    Parameters
    ----------
    means : pair of (dim,) arrays
        Of faces and of voices.
    directions : pair of (dim, num_directions) arrays
        In columns, for faces and for voices.
    strengths : (num_directions,) array
        Singular values over the largest one, in [0, 1].
    """

    means: tuple[Array, Array]
    directions: tuple[Array, Array]
    strengths: Array


def find_directions(
    units: tuple[Array, Array],
    weights: Array,
    whitenings: tuple[Array, Array],
    num_directions: int,
) -> CanonicalDirections:
    """Solve the shrunk canonical correlation problem (Vinod 1976, "Canonical ridge and econometrics of joint production").

    Parameters
    ----------
    units : (num_units, face_dim) array, (num_units, voice_dim) array
        Row i of both belongs together.
    weights : (num_units,) array
        How much each counts.
    whitenings : (face_dim, face_dim) array, (voice_dim, voice_dim) array
        As of `Moments.whitening`: full whitening is canonical correlation, none is partial least squares.
    """
    weights = weights / weights.sum()
    faces, voices = units
    face_whitening, voice_whitening = whitenings
    means = weights @ faces, weights @ voices
    cross = ((faces - means[0]) * weights[:, None]).T @ (voices - means[1])
    left, strengths, right = np.linalg.svd(
        face_whitening @ cross @ voice_whitening, full_matrices=False
    )
    count = min(num_directions, len(strengths))
    return CanonicalDirections(
        means=means,
        directions=(face_whitening @ left[:, :count], voice_whitening @ right[:count].T),
        strengths=strengths[:count] / max(strengths[0], 1e-12),
    )
