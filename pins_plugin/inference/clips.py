"""Embed many: every clip of a manifest, one face and one voice each, or files of faces or voices, shard by shard, resumable."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize
from torch.nn.utils.rnn import pad_sequence

from pins_plugin.data.media.audio import load_audio
from pins_plugin.errors import MediaError
from pins_plugin.inference.embedder import PIECE_SECONDS, FaceVoiceEmbedder
from pins_plugin.inference.portraits import load_clip_faces
from pins_plugin.inference.verification import load_speech
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import atomic_path
from pins_plugin.utils.prefetch import map_ahead
from pins_plugin.utils.progress import progress

Loaded = tuple[NDArray[np.uint8], NDArray[np.float32]]
BATCH = 32  # clips or files that the model sees at once; chosen, not measured
READERS = 4  # threads that decode while the model computes; chosen, not measured
SHARD = 512  # files that are embedded, and saved, at once; chosen, not measured


class ClipEmbeddings(NamedTuple):
    """Unit vectors (num_clips, embedding_dim) of faces and voices; row i belongs to clip i."""

    face_embeddings: NDArray[np.float32]
    voice_embeddings: NDArray[np.float32]


def embed_clips(
    embedder: FaceVoiceEmbedder,
    clips: Sequence[TalkingFaceClip],
    *,
    num_frames: int = 4,
    quiet: bool = False,
    skipped: dict[str, Exception] | None = None,
    load: Callable[[TalkingFaceClip], Loaded] | None = None,
) -> ClipEmbeddings:
    """Embed the faces and the voices of clips, `num_frames` pictures of each, evenly spread, whose embeddings are averaged.

    Clips as they come, for a model that wants faces to be found, are looked at as `verify_files` does: no face, several, or
    too little speech is an error of that clip, and pauses are left out.

    Parameters
    ----------
    skipped : dict, optional
        Clips that cannot be read are left out, and noted here: `clip_id` to why.
    load : callable, optional
        Gives the pictures and the sound of a clip that were decoded before.

    Raises
    ------
    MediaError
        When a file of a clip cannot be read (without `skipped`), or none can.
    """
    faces, voices = [], []

    def decode(clip: TalkingFaceClip) -> Loaded | None:
        try:
            if load is not None:
                return load(clip)
            raw = embedder.wants_aligned and not clip.faces.is_dir()
            size, aligned = embedder.image_size, embedder.wants_aligned
            pictures = load_clip_faces(clip.faces, size, num_frames, aligned=aligned, alone=True)
            read = load_speech if raw else load_audio
            return pictures, read(clip.audio, embedder.sample_rate)
        except Exception as error:  # foreseen or not, it is this clip's
            if skipped is None:
                raise
            skipped[clip.clip_id] = error
            return None

    with ThreadPoolExecutor(READERS) as pool:
        loaded = map_ahead(pool, decode, clips, 2 * BATCH)
        bar = progress(loaded, "Embedding clips", total=len(clips), quiet=quiet)
        readable = (item for item in bar if item is not None)
        while batch := list(islice(readable, BATCH)):
            faces.append(embed_pictures(embedder, [pictures for pictures, _ in batch]))
            voices.append(embed_waveforms(embedder, [waveform for _, waveform in batch]))
    if not faces:
        first = next(iter((skipped or {}).values()), None)
        raise MediaError(f"none of {len(clips)} clips could be read: {first}") from first
    return ClipEmbeddings(np.concatenate(faces), np.concatenate(voices))


def embed_pictures(
    embedder: FaceVoiceEmbedder, pictures: Sequence[NDArray[np.uint8]]
) -> NDArray[np.float32]:
    """Embed the pictures (num_frames, 3, size, size) of each clip, averaged: (num_clips, embedding_dim)."""
    embeddings = embedder.encode_faces(np.concatenate(pictures))
    means = [part.mean(dim=0) for part in embeddings.split([len(part) for part in pictures])]
    return np.asarray(normalize(torch.stack(means), dim=-1).cpu().numpy())


def embed_waveforms(
    embedder: FaceVoiceEmbedder, waveforms: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Embed short waveforms in one padded batch, long ones piece by piece: (num_clips, embedding_dim)."""
    limit = 1.5 * PIECE_SECONDS * embedder.sample_rate
    short = [index for index, waveform in enumerate(waveforms) if len(waveform) <= limit]
    result = np.zeros((len(waveforms), embedder.embedding_dim), np.float32)
    if short:
        lengths = np.array([len(waveforms[index]) for index in short])
        rows = [torch.from_numpy(waveforms[index]) for index in short]
        padded = pad_sequence(rows, batch_first=True)
        result[short] = embedder.encode_voices(padded, lengths / lengths.max()).cpu().numpy()
    for index in set(range(len(waveforms))) - set(short):
        result[index] = embedder.encode_long_voice(waveforms[index]).cpu().numpy()
    return result


def embed_files(
    embedder: FaceVoiceEmbedder,
    paths: Sequence[Path],
    modality: str,
    *,
    cache: Path | None = None,
    quiet: bool = False,
) -> NDArray[np.float32]:
    """Embed pictures of cut-out faces (`modality` "face"), or recordings of voices ("voice").

    Parameters
    ----------
    cache : Path, optional
        Folder that keeps finished shards; a second run with the same model and files takes them from there.

    Returns
    -------
    embeddings : (num_files, embedding_dim) float32 array
        A row of NaN for each file that cannot be read.
    """

    def decode(path: Path) -> Any:
        try:
            if modality == "voice":
                return load_audio(path, embedder.sample_rate)
            return load_clip_faces(path, embedder.image_size, 1, aligned=embedder.wants_aligned)
        except Exception:  # foreseen or not, it costs this file only: its row says so
            return None

    embed: Any = embed_pictures if modality == "face" else embed_waveforms
    fingerprint = embedder.fingerprint() if cache else ""
    result = np.full((len(paths), embedder.embedding_dim), np.nan, np.float32)
    starts = range(0, len(paths), SHARD)
    with ThreadPoolExecutor(READERS) as pool:
        for start in progress(starts, f"Embedding {modality}s x {SHARD}", quiet=quiet):
            shard = paths[start : start + SHARD]
            key = "\n".join([fingerprint, *map(_state, shard)])
            name = f"{modality}s-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
            if cache and (cache / name).is_file():
                result[start : start + SHARD] = np.load(cache / name, allow_pickle=False)
                continue
            for begin in range(start, start + len(shard), BATCH):
                loaded = list(pool.map(decode, paths[begin : min(begin + BATCH, start + SHARD)]))
                rows = [begin + row for row, item in enumerate(loaded) if item is not None]
                if rows:
                    result[rows] = embed(embedder, [item for item in loaded if item is not None])
            if cache:
                with atomic_path(cache / name) as temporary, temporary.open("wb") as file:
                    np.save(file, result[start : start + SHARD], allow_pickle=False)
    return result


def _state(path: Path) -> str:
    """Which file it is, and in which state."""
    found = path.stat() if path.is_file() else None
    return f"{path} {found.st_size} {found.st_mtime_ns}" if found else str(path)
