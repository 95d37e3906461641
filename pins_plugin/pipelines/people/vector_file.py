"""People seen and heard in videos, as rows of a safetensors file, with what is known of them as text; the same gives the same bytes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pins_plugin.utils.vectors import unit

Embedding = NDArray[np.float64]
DAMAGE = (SafetensorError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError, RecursionError)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Appearance:
    """One person in one video; vectors of unit length, None where not seen, or not heard."""

    person: str  # label
    video: str  # name within the set
    seconds: float  # on screen
    face: Embedding | None = None
    voice: Embedding | None = None


def write_vectors(path: Path, met: Sequence[Appearance], about: Mapping[str, Any]) -> None:
    """Write the faces and voices, (num_people, dim) each; `about` maps names to text, or to what becomes JSON."""
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in about.items()
    }
    faces, voices = stack([each.face for each in met]), stack([each.voice for each in met])
    content = save({"faces": faces, "voices": voices}, texts)
    size = int.from_bytes(content[:8], "little")  # of the header, which comes in any order
    header = json.dumps(json.loads(content[8 : 8 + size]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + content[8 + size :])


def read_vectors(
    path: Path,
) -> tuple[list[Embedding | None], list[Embedding | None], dict[str, str]]:
    """Read the faces, the voices, and the texts that `write_vectors` wrote.

    Raises
    ------
    any of DAMAGE
        When the file is no such file, or vectors are not finite.
    """
    with safe_open(path, framework="numpy") as file:
        tables = [file.get_tensor(name).astype(np.float64) for name in ("faces", "voices")]
        about = file.metadata() or {}
    if not all(np.isfinite(rows).all() for rows in tables):
        raise ValueError("vectors that are not finite")
    faces, voices = ([row if row.any() else None for row in rows] for rows in tables)
    return faces, voices, about


def stack(vectors: Sequence[Embedding | None]) -> NDArray[np.float32]:
    """Rows of zeros stand for None."""
    known = [vector for vector in vectors if vector is not None]
    empty = np.zeros(len(known[0]) if known else 1, np.float32)
    rows = [empty if vector is None else vector for vector in vectors]
    return np.array(rows, np.float32).reshape(len(rows), len(empty))


def mean_direction(vectors: Iterable[Embedding | None]) -> Embedding | None:
    """Mean of all that are known, of unit length."""
    known = [vector for vector in vectors if vector is not None]
    return unit(np.sum(known, axis=0)) if known else None
