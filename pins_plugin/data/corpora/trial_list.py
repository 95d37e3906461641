"""Trial lists of VoxCeleb's kind: one `label path1 path2` per line, label 1 for the same person."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import ManifestError
from pins_plugin.utils.files import read_text


class TrialList(NamedTuple):
    """Pairs of files.

    Parameters
    ----------
    same : (num_trials,) bool array
    first, second : (num_trials,) int64 array
        Rows of `paths`, which holds every file once, sorted; below the corpus' root.
    """

    same: NDArray[np.bool_]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    paths: list[str]

    def identities(self) -> list[str]:
        """Person of each path: its first folder, as VoxCeleb has it (id10270/5r0dWxy17C8/00001.wav)."""
        return [path.split("/", 1)[0] for path in self.paths]


def read_trial_list(path: str | Path) -> TrialList:
    """Read VoxCeleb1-O, -E or -H (Nagrani et al. 2017; Chung et al. 2018), or a list like them.

    Raises
    ------
    ManifestError
        When the file is missing, a line is something else, or all trials are of one kind.
    """
    path = Path(path)
    text = read_text(path, ManifestError, "lines 'label path1 path2'")
    rows = [line.split() for line in text.split("\n") if line.strip()]
    for number, row in enumerate(rows, start=1):
        if len(row) != 3 or row[0] not in ("0", "1"):
            raise ManifestError(
                f"{path}: trial {number}: expected '0 path1 path2' or '1 path1 path2', got {' '.join(row)[:80]!r}"
            )
    same = np.array([row[0] == "1" for row in rows], dtype=bool)
    if same.all() or not same.any():
        raise ManifestError(
            f"{path}: expected trials of both kinds, got {same.sum()} of {len(same)} with label 1"
        )
    paths, places = np.unique([row[1:] for row in rows], return_inverse=True)
    places = places.reshape(-1, 2)
    return TrialList(same, places[:, 0], places[:, 1], paths.tolist())
