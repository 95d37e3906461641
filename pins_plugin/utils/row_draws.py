"""Random rows of wanted labels."""

import numpy as np
from numpy.typing import NDArray


class RowsByLabel:
    """Draws a row of a wanted label, all rows of the label alike.

    Parameters
    ----------
    labels : (num_rows,) int64 array
        -1 for a row that is never drawn.
    """

    def __init__(self, labels: NDArray[np.int64]) -> None:
        self.order = np.argsort(labels, kind="stable")
        self.labels, starts, counts = np.unique(
            labels[self.order], return_index=True, return_counts=True
        )
        keep = self.labels >= 0
        self.labels, self.starts, self.counts = self.labels[keep], starts[keep], counts[keep]

    def draw(self, labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.intp]:
        """Draw one row for each of `labels` (any shape), which must all occur."""
        at = np.searchsorted(self.labels, labels)
        offset = (generator.random(np.shape(labels)) * self.counts[at]).astype(np.intp)
        return np.asarray(self.order[self.starts[at] + offset])
