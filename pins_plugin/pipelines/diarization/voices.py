"""Voices as vectors: windows of sound, embedded; their means; how alike two speakers sound."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import MediaError
from pins_plugin.inference.pretrained import fetch_model, folder_checksum, load_pretrained
from pins_plugin.inference.voice_activity import find_speech
from pins_plugin.pipelines.diarization.voice_scatter import VoiceScatter, load_voice_scatter
from pins_plugin.utils.vectors import unit

DEFAULT_VOICE = "voice_campplus"
WINDOW = 1.0  # seconds
SHORTEST = 0.4  # seconds of sound that a voice encoder is given
BATCH_SIZE = 16  # more is no faster on a CPU, and takes 3 MB each
GPU_BATCH_SIZE = 256
Regions = list[tuple[float, float]]  # start, end in seconds


def load_voice_encoder(source: str = DEFAULT_VOICE) -> torch.nn.Module:
    """Load the voice branch of a model folder."""
    return load_pretrained(source, needs=["voice_encoder"]).modules["voice_encoder"]


def find_voice_scatter(source: str | Path = DEFAULT_VOICE) -> VoiceScatter:
    """How much the voices of a model folder's voice branch differ; it lies in the folder, or beside the encoder's file.

    Raises
    ------
    ModelFolderError
        When it was not learnt for these weights.
    """
    folder = Path(source).parent if Path(source).is_file() else fetch_model(source)
    return load_voice_scatter(folder, folder_checksum(source, "voice_encoder"))


def place_windows(speech: Regions, window: float, hop: float) -> NDArray[np.float64]:
    """Spread windows over regions of speech, at most `hop` apart; a shorter region gets one around its middle.

    Returns
    -------
    starts : (num_windows,) float64 array
        In seconds, increasing.
    """
    starts = []
    for start, end in speech:
        if end - start <= window:
            starts.append(np.array([max(0.0, (start + end - window) / 2)]))
        else:
            num = int(np.ceil((end - start - window) / hop)) + 1
            starts.append(np.linspace(start, end - window, max(2, num)))
    return np.sort(np.concatenate(starts)) if starts else np.zeros(0)


def embed_windows(
    waveform: NDArray[np.float32],
    starts: NDArray[np.float64],
    window: float,
    voice_encoder: torch.nn.Module,
) -> NDArray[np.float64]:
    """Embed one stretch of `window` seconds from each start.

    Returns
    -------
    voice_embeddings : (num_windows, embedding_dim) float64 array
        Of unit length.
    """
    embeddings = np.zeros((len(starts), 0))
    for rows, found in iter_embeddings(waveform, starts, window, voice_encoder):
        if rows.start == 0:  # all rows in one block: a list of them would be held twice
            embeddings = np.empty((len(starts), found.shape[1]))
        embeddings[rows] = found
    return embeddings


def iter_embeddings(
    waveform: NDArray[np.float32],
    starts: NDArray[np.float64],
    window: float,
    voice_encoder: torch.nn.Module,
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Embed windows batch by batch; parameters as in `embed_windows`.

    Yields
    ------
    rows : slice
        Which windows.
    voice_embeddings : (num_rows, embedding_dim) float64 array
        Of unit length.
    """
    num_samples = round(window * SAMPLE_RATE)
    device = next((p.device for p in voice_encoder.parameters()), torch.device("cpu"))
    batch_size = BATCH_SIZE if device.type == "cpu" else GPU_BATCH_SIZE
    for begin in range(0, len(starts), batch_size):
        rows = slice(begin, begin + batch_size)
        batch = cut_windows(waveform, starts[rows], num_samples)
        with torch.inference_mode():
            found = voice_encoder(torch.from_numpy(batch).to(device)).double().cpu().numpy()
        yield rows, unit(found)


def cut_windows(
    waveform: NDArray[np.float32], starts: NDArray[np.float64], num_samples: int
) -> NDArray[np.float32]:
    """Cut windows (num_windows, num_samples) that start at `starts` seconds; silence beyond the end.

    Examples
    --------
    >>> cut_windows(np.ones(16001, np.float32), np.array([0.5, 1.0]), 2).tolist()
    [[1.0, 1.0], [1.0, 0.0]]
    """
    windows = np.zeros((len(starts), num_samples), np.float32)
    firsts = np.round(starts * SAMPLE_RATE).astype(int)
    for row, first in zip(windows, np.clip(firsts, 0, len(waveform)), strict=True):
        piece = waveform[first : first + num_samples]
        row[: len(piece)] = piece
    return windows


def embed_stretches(
    waveform: NDArray[np.float32],
    stretches: NDArray[np.float64],
    voice_encoder: torch.nn.Module,
) -> NDArray[np.float64]:
    """Embed stretches of different lengths; shorter ones than `SHORTEST` are repeated up to it.

    Parameters
    ----------
    waveform : (num_samples,) float32 array
        At 16 kHz.
    stretches : (num_stretches, 2) float64 array
        Start and end in seconds.
    voice_encoder : nn.Module

    Returns
    -------
    voice_embeddings : (num_stretches, embedding_dim) float64 array
        Of unit length.
    """
    if not len(stretches):
        return np.zeros((0, 1))
    samples = np.round(stretches * SAMPLE_RATE).astype(int)
    lengths = np.maximum(samples[:, 1] - samples[:, 0], 1)
    device = next((p.device for p in voice_encoder.parameters()), torch.device("cpu"))
    batch_size = BATCH_SIZE if device.type == "cpu" else GPU_BATCH_SIZE
    found: dict[int, NDArray[np.float64]] = {}
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for begin in range(0, len(rows), batch_size):
            part = rows[begin : begin + batch_size]
            batch = cut_windows(waveform, samples[part, 0] / SAMPLE_RATE, int(length))
            if length < SHORTEST * SAMPLE_RATE:
                repeats = int(np.ceil(SHORTEST * SAMPLE_RATE / length))
                batch = np.tile(batch, (1, repeats))[:, : round(SHORTEST * SAMPLE_RATE)]
            with torch.inference_mode():
                vectors = voice_encoder(torch.from_numpy(batch).to(device)).double().cpu().numpy()
            found |= dict(zip(part.tolist(), unit(vectors), strict=True))
    return np.array([found[row] for row in range(len(stretches))]).reshape(len(stretches), -1)


def mean_voice(
    waveform: NDArray[np.float32], regions: Regions, voice_encoder: torch.nn.Module
) -> NDArray[np.float64]:
    """Average the voice (embedding_dim,) over stretches of sound; not of unit length."""
    starts = place_windows(regions, WINDOW, WINDOW / 2)
    return embed_windows(waveform, starts, WINDOW, voice_encoder).mean(axis=0)


def embed_sound(path: Path, voice_encoder: torch.nn.Module) -> NDArray[np.float64]:
    """Average the voice of a sound file's speech, (embedding_dim,).

    Raises
    ------
    MediaError
        When nobody speaks in it.
    """
    waveform = load_audio(path)
    spoken = find_speech(waveform)
    if not spoken:
        raise MediaError(f"{path}: holds no speech; expected a voice sample of one person")
    return mean_voice(waveform, spoken, voice_encoder)


def model_path(source: str | Path | Mapping[str, Any]) -> str:
    """Resolve what pyannote makes of `$model/part`: a mapping of checkpoint and subfolder."""
    if isinstance(source, Mapping):
        return f"{source['checkpoint']}/{source.get('subfolder') or ''}".rstrip("/")
    return str(source)
