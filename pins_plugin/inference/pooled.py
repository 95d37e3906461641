"""Mean embeddings of a person's faces, and of a voice: what a joint model is asked about whole files."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.verification import MIN_SPEECH

Regions = Sequence[tuple[float, float]]
MOST_FACES = 32  # of a person, spread evenly: bounds time; chosen, not measured
PIECE_SECONDS = 3.0  # seconds of sound that are embedded at once; chosen, not measured
MOST_SECONDS = 60.0  # of a voice, spread over the file: bounds time; chosen, not measured


def pool_faces(embedder: FaceVoiceEmbedder, faces: NDArray[np.uint8]) -> Tensor | None:
    """Mean embedding of the faces of one person: (embedding_dim,) Tensor of unit length, on the CPU; None where there is no face.

    `faces` (num_faces, height, width, 3) are aligned as by `tracking.crops.align_face`, RGB; up to `MOST_FACES` are looked at.
    """
    if len(faces) == 0:
        return None
    chosen = np.linspace(0, len(faces) - 1, min(len(faces), MOST_FACES)).round().astype(int)
    return embedder.encode_views(faces[chosen]).cpu()


def pool_voice(
    embedder: FaceVoiceEmbedder, waveform: NDArray[np.float32], regions: Regions
) -> Tensor | None:
    """Mean embedding of a voice in a waveform (num_samples,) at 16 kHz: (embedding_dim,) Tensor of unit length, on the CPU.

    `regions` are seconds (start, end) where this voice, and no other, is heard; each second weighs alike. None where there are
    less than `MIN_SPEECH` seconds.
    """
    pieces = _cut(waveform, regions)
    if sum(map(len, pieces)) < MIN_SPEECH * SAMPLE_RATE:
        return None
    sums = torch.zeros(embedder.embedding_dim)
    for length in sorted({len(piece) for piece in pieces}):
        batch = np.stack([piece for piece in pieces if len(piece) == length])
        sums += length * embedder.encode_voices(batch).sum(dim=0).cpu()
    return normalize(sums, dim=-1)


def _cut(waveform: NDArray[np.float32], regions: Regions) -> list[NDArray[np.float32]]:
    """Pieces of at most `PIECE_SECONDS` seconds, and of `MOST_SECONDS` in all; the shortest scraps are left out."""
    pieces = []
    for start, end in regions:
        count = max(1, round((end - start) / PIECE_SECONDS))
        edges = np.linspace(start, end, count + 1).clip(0, len(waveform) / SAMPLE_RATE)
        samples = (edges * SAMPLE_RATE).round().astype(int)
        length = int(np.diff(samples).min())
        pieces += [waveform[first : first + length] for first in samples[:-1]]
    pieces = [piece for piece in pieces if len(piece) >= 0.25 * SAMPLE_RATE]
    most = max(1, round(MOST_SECONDS / PIECE_SECONDS))
    if len(pieces) > most:
        pieces = [pieces[i] for i in np.linspace(0, len(pieces) - 1, most).round().astype(int)]
    return pieces
