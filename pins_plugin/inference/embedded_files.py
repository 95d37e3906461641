"""Embed many files of faces or voices, shard by shard, resumable, passing over what cannot be read."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import load_audio
from pins_plugin.inference.clips import BATCH, READERS, embed_pictures, embed_waveforms
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.portraits import load_clip_faces
from pins_plugin.utils.files import atomic_path
from pins_plugin.utils.progress import progress

T = TypeVar("T")
SHARD = 512  # files that are embedded, and saved, at once; chosen, not measured


def embed_face_files(
    embedder: FaceVoiceEmbedder,
    paths: Sequence[Path],
    *,
    cache: Path | None = None,
    quiet: bool = False,
) -> NDArray[np.float32]:
    """Embed pictures of cut-out faces.

    Parameters
    ----------
    cache : Path, optional
        Folder that keeps finished shards; a second run with the same model and files takes them from there.

    Returns
    -------
    face_embeddings : (num_files, embedding_dim) float32 array
        A row of NaN for each file that cannot be read.
    """
    load = partial(
        load_clip_faces, size=embedder.image_size, num_frames=1, aligned=embedder.wants_aligned
    )
    return _embed_shards(embedder, paths, load, embed_pictures, "faces", cache, quiet)


def embed_voice_files(
    embedder: FaceVoiceEmbedder,
    paths: Sequence[Path],
    *,
    cache: Path | None = None,
    quiet: bool = False,
) -> NDArray[np.float32]:
    """Embed recordings of voices; parameters and result as in `embed_face_files`."""
    load = partial(load_audio, sample_rate=embedder.sample_rate)
    return _embed_shards(embedder, paths, load, embed_waveforms, "voices", cache, quiet)


def _embed_shards(
    embedder: FaceVoiceEmbedder,
    paths: Sequence[Path],
    load: Callable[[Path], T],
    embed: Callable[[FaceVoiceEmbedder, Sequence[T]], NDArray[np.float32]],
    what: str,
    cache: Path | None,
    quiet: bool,
) -> NDArray[np.float32]:
    fingerprint = embedder.fingerprint() if cache else ""
    result = np.full((len(paths), embedder.embedding_dim), np.nan, np.float32)
    starts = range(0, len(paths), SHARD)
    with ThreadPoolExecutor(READERS) as pool:
        for start in progress(starts, f"Embedding {what} x {SHARD}", quiet=quiet):
            shard = paths[start : start + SHARD]
            name = hashlib.sha256("\n".join([fingerprint, *map(str, shard)]).encode()).hexdigest()
            saved = cache / f"{what}-{name[:16]}.npy" if cache else None
            if saved and saved.is_file():
                result[start : start + SHARD] = np.load(saved, allow_pickle=False)
                continue
            for begin in range(start, start + len(shard), BATCH):
                loaded = list(pool.map(partial(_or_none, load), paths[begin : begin + BATCH]))
                rows = [begin + row for row, item in enumerate(loaded) if item is not None]
                if rows:
                    result[rows] = embed(embedder, [item for item in loaded if item is not None])
            if saved:
                with atomic_path(saved) as temporary, temporary.open("wb") as file:
                    np.save(file, result[start : start + SHARD], allow_pickle=False)
    return result


def _or_none(load: Callable[[Path], T], path: Path) -> T | None:
    try:
        return load(path)
    except Exception:  # foreseen or not, it costs this file only: its row says so
        return None
