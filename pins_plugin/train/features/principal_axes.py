"""Principal axes of long embeddings, so that what follows need not know how long they were."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float32]
MOST_DIMENSIONS = 512
MOST_ROWS = 8_000


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """Directions of largest variance.

    Parameters
    ----------
    mean : (dim,) float32 array
    axes : (dim, num_axes) float32 array
        Orthonormal columns.
    """

    mean: Floats
    axes: Floats

    @classmethod
    def of(cls, rows: Floats, num_axes: int = MOST_DIMENSIONS) -> "PrincipalAxes":
        """Find the axes of `rows` (num_rows, dim), or of an even sample where they are many (Halko et al. 2011)."""
        sample = torch.from_numpy(rows[:: -(-len(rows) // MOST_ROWS)])
        mean = sample.mean(dim=0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            count = min(num_axes, *sample.shape)
            _, _, axes = torch.svd_lowrank(sample - mean, q=count, niter=2)
        return cls(mean.numpy(), axes.numpy())

    def project(self, rows: Floats, rows_per_batch: int = 8192) -> Floats:
        """Project `rows` (num_rows, dim): (num_rows, num_axes)."""
        offset = self.mean @ self.axes
        parts = [
            rows[start : start + rows_per_batch] @ self.axes - offset
            for start in range(0, len(rows), rows_per_batch)
        ]
        return np.concatenate(parts)


def long_axes(rows: Floats) -> PrincipalAxes | None:
    """Axes for embeddings of more than `MOST_DIMENSIONS` numbers, None for others."""
    return PrincipalAxes.of(rows) if rows.shape[1] > MOST_DIMENSIONS else None
