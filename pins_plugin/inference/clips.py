"""Embed many: every clip of a manifest, one face and one voice each, or files of faces or voices, shard by shard, resumable."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

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

T = TypeVar("T")
Loaded = tuple[NDArray[np.uint8], NDArray[np.float32]]
BATCH = 32  # clips or files that the model sees at once; chosen, not measured
READERS = 4  # threads that decode while the model computes; chosen, not measured
SHARD = 512  # files that are embedded, and saved, at once; chosen, not measured


class ClipEmbeddings(NamedTuple):
    """Row i belongs to clip i.

    Parameters
    ----------
    face_embeddings, voice_embeddings : (num_clips, embedding_dim) float32 array
        Of unit length.
    """

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
    """Embed the faces and the voices of clips.

    Parameters
    ----------
    num_frames : int
        Pictures of each clip, evenly spread; their embeddings are averaged.
    skipped : dict, optional
        Clips that cannot be read are left out, and noted here: `clip_id` to why.
    load : callable, optional
        Gives the pictures and the sound of a clip that were decoded before.

    Clips as they come, for a model that wants faces to be found, are looked at as `verify_files` does: no face, several, or
    too little speech is an error of that clip, and pauses are left out.

    Returns
    -------
    embeddings : ClipEmbeddings
        Without rows for clips that were skipped.

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
