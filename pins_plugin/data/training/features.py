"""Recognition embeddings in files: what labs often hold instead of media.

One `.npz` per modality with `embeddings (n, dim)` and `clip_id (n,)`, and a manifest with at least clip_id, identity, video and
split. A clip may have several rows in a file, or none.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.errors import ManifestError
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.arrays import read_named_arrays

logger = logging.getLogger(__name__)
FEATURE_COLUMNS = ("clip_id", "identity", "video", "split")
MOST_BYTES = 64 * 2**30


@dataclass(frozen=True, eq=False)
class Features:
    """Recognition embeddings of one modality.

    Parameters
    ----------
    embeddings : (num_rows, dim) float32 array
    clip_id : (num_rows,) str array
    """

    embeddings: NDArray[np.float32]
    clip_id: NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class FeatureRows:
    """The rows of one modality that belong to some clips, which repeat where one has several rows.

    Parameters
    ----------
    embeddings : (num_rows, dim) float32 array
    clips : list of TalkingFaceClip
        One per row.
    """

    embeddings: NDArray[np.float32]
    clips: list[TalkingFaceClip]

    @property
    def identities(self) -> list[str]:
        """Who each row is."""
        return [clip.identity for clip in self.clips]

    @property
    def videos(self) -> list[str]:
        """The recording of each row, told apart within its person only; the clip itself where none is given."""
        return [
            f"{clip.identity} {clip.video}" if clip.video else f"clip {clip.clip_id}"
            for clip in self.clips
        ]


def load_features(path: str | Path) -> Features:
    """Read an `.npz` with the arrays `embeddings (n, dim)`, finite, and `clip_id (n,)`; nothing in it is run.

    Raises
    ------
    ManifestError
        When the file is missing, no npz file, holds pickled objects, or its arrays do not fit.
    """
    arrays = read_named_arrays(
        path,
        ("embeddings", "clip_id"),
        ManifestError,
        "what numpy.savez(file, embeddings=float32 array, clip_id=array of str) writes",
        largest=MOST_BYTES,
    )
    embeddings, clip_id = arrays["embeddings"], arrays["clip_id"]
    if embeddings.ndim != 2 or embeddings.dtype.kind != "f" or 0 in embeddings.shape:
        raise ManifestError(
            f"{path}: embeddings: expected floats (n, dim), got {embeddings.dtype} {embeddings.shape}"
        )
    if clip_id.shape != embeddings.shape[:1] or clip_id.dtype.kind not in "USiu":
        raise ManifestError(
            f"{path}: clip_id: expected text ({len(embeddings)},), one per embedding, "
            f"got {clip_id.dtype} {clip_id.shape}"
        )
    embeddings = np.ascontiguousarray(embeddings, dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(bad):
        raise ManifestError(
            f"{path}: embeddings: expected finite numbers, got NaN or infinity in {len(bad)} rows, "
            f"the first is row {bad[0]}; drop them or embed them again"
        )
    if clip_id.dtype.kind == "S":
        clip_id = np.char.decode(clip_id, "utf-8", "replace")
    return Features(embeddings, clip_id.astype(str))


def read_feature_clips(path: str | Path) -> dict[str, TalkingFaceClip]:
    """Read a manifest without media: clips by clip_id."""
    return {clip.clip_id: clip for clip in read_manifest(path, columns=FEATURE_COLUMNS)}


def select_rows(
    features: Features, clips: Mapping[str, TalkingFaceClip], splits: Sequence[str], name: str
) -> FeatureRows:
    """Keep the rows whose clip is of one of `splits`, but for rows of zeros: where nothing was found to embed.

    `clips` are by clip_id; `name` is that of the file, for the error.

    Raises
    ------
    ManifestError
        When a row's clip is not in the manifest.
    """
    ids = features.clip_id.tolist()
    unknown = [clip_id for clip_id in ids if clip_id not in clips]
    if unknown:
        raise ManifestError(
            f"{name}: {len(unknown)} of {len(ids)} rows have a clip_id that is not in the manifest, "
            f"such as {unknown[0]!r}; add the clips to the manifest or drop the rows"
        )
    wanted, filled = set(splits), np.any(features.embeddings != 0, axis=1)
    chosen = [index for index, clip_id in enumerate(ids) if clips[clip_id].split in wanted]
    kept = [index for index in chosen if filled[index]]
    if len(kept) < len(chosen):
        logger.warning(
            "%s: %d of %d rows of split %s are all zeros and left out",
            name, len(chosen) - len(kept), len(chosen), splits[0],
        )  # fmt: skip
    return FeatureRows(features.embeddings[kept], [clips[ids[index]] for index in kept])
