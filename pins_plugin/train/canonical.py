"""Canonical correlation with shrinkage: the directions in which faces and voices agree, in closed form.

With a few hundred people and hundreds of dimensions there are more weights than evidence. Gradient descent then
overfits within tens of steps; here every direction is a singular vector of one whitened cross-covariance, and what is left to
choose (how much to whiten, how many directions, their weights) is chosen on people held out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class CanonicalDirections:
    """Directions in which two modalities agree, most agreeing first.

    Parameters
    ----------
    face_mean, voice_mean : (dim,) array
    face_directions : (face_dim, num_directions) array
    voice_directions : (voice_dim, num_directions) array
        Scaled so that the projections of the training units have variance one.
    strengths : (num_directions,) array
        Singular values over the largest one, in [0, 1].
    """

    face_mean: Array
    voice_mean: Array
    face_directions: Array
    voice_directions: Array
    strengths: Array


def find_directions(
    face_moments: Moments,
    voice_moments: Moments,
    cross_covariance: Array,
    shrinkage: float,
    power: float,
    num_directions: int,
) -> CanonicalDirections:
    """Solve the shrunk canonical correlation problem (Vinod 1976, "Canonical ridge and econometrics of joint production").

    Parameters
    ----------
    face_moments, voice_moments : Moments
    cross_covariance : (face_dim, voice_dim) array
    shrinkage, power : float
        See `Moments.whitening`: (0, 1) is canonical correlation, power 0 is partial least squares.
    num_directions : int

    Returns
    -------
    directions : CanonicalDirections
    """
    whiten_faces = face_moments.whitening(shrinkage, power)
    whiten_voices = voice_moments.whitening(shrinkage, power)
    left, strengths, right = np.linalg.svd(
        whiten_faces @ cross_covariance @ whiten_voices, full_matrices=False
    )
    count = min(num_directions, len(strengths))
    faces, voices = whiten_faces @ left[:, :count], whiten_voices @ right[:count].T
    return CanonicalDirections(
        face_mean=face_moments.mean,
        voice_mean=voice_moments.mean,
        face_directions=faces,
        voice_directions=voices,
        strengths=strengths[:count] / max(strengths[0], 1e-12),
    )
