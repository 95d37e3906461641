"""Embed every clip of a manifest: one face and one voice each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from pins_plugin.data.media.audio import load_audio
from pins_plugin.errors import MediaError
from pins_plugin.inference.embedder import PIECE_SECONDS, FaceVoiceEmbedder
from pins_plugin.inference.portraits import load_clip_faces
from pins_plugin.inference.verification import load_speech
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.prefetch import map_ahead
from pins_plugin.utils.progress import progress

Loaded = tuple[NDArray[np.uint8], NDArray[np.float32]]
BATCH = 32  # clips or files that the model sees at once; chosen, not measured
READERS = 4  # threads that decode while the model computes; chosen, not measured


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
            pictures = load_clip_faces(
                clip.faces, embedder.image_size, num_frames, aligned=raw, alone=raw
            )
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
        padded = np.zeros((len(short), lengths.max()), np.float32)
        for row, index in zip(padded, short, strict=True):
            row[: len(waveforms[index])] = waveforms[index]
        result[short] = embedder.encode_voices(padded, lengths / lengths.max()).cpu().numpy()
    for index in set(range(len(waveforms))) - set(short):
        result[index] = embedder.encode_long_voice(waveforms[index]).cpu().numpy()
    return result
