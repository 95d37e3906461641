"""Arrays from files of unknown origin: plain ones only, and no more of them than was agreed on."""

import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.errors import PinsError
from pins_plugin.utils.explain import one_line

LARGEST_ARRAYS = 8 * 2**30  # bytes, unpacked
HIGHEST_COMPRESSION = 200  # embeddings, sound and pictures never pack better
OF_DAMAGED_FILES = (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError,
                    MemoryError, RuntimeError)  # fmt: skip


def read_named_arrays(
    path: str | Path,
    names: Collection[str],
    error: type[PinsError],
    expected: str,
    *,
    largest: int = LARGEST_ARRAYS,
    highest_compression: float = HIGHEST_COMPRESSION,
) -> dict[str, NDArray[Any]]:
    """Read an npz file that must hold some arrays; nothing in it is run.

    Parameters
    ----------
    error, expected
        As in `utils.files.read_text`; also for a file that holds pickled objects, or would grow out of all proportion.
    largest : int
        Bytes of all arrays together.
    highest_compression : float
        Times by which the file may grow when unpacked.
    """
    path = Path(path)
    if not path.is_file():
        raise error(f"{path}: no such file; expected {expected}")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        size, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
        if size > largest or size > highest_compression * max(packed, 2**16):
            raise ValueError(f"{size} bytes packed into {packed}")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except OF_DAMAGED_FILES as reason:
        raise error(
            f"{path}: no npz file of plain arrays ({one_line(reason, 120)}); expected {expected}"
        ) from reason
    missing = sorted({*names} - arrays.keys())
    if missing:
        got = ", ".join(list(arrays)[:10])[:300] or "none"
        raise error(f"{path}: array {', '.join(missing)} missing, got {got}; expected {expected}")
    return arrays
