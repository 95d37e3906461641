"""Voices as vectors: the voice encoder, and stretches and windows of sound, embedded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import MediaError
from pins_plugin.inference.pretrained import fetch_model, folder_checksum, load_pretrained
from pins_plugin.inference.voice_activity import find_speech
from pins_plugin.moved import renamed
from pins_plugin.pipelines.diarization.voice_model import VoiceScatter, load_voice_scatter
from pins_plugin.utils.vectors import unit

DEFAULT_VOICE = "voice_campplus"
WINDOW = 1.0  # seconds; chosen, not measured
MIN_EMBEDDED = 0.4  # seconds of sound that a voice encoder is given; chosen, not measured
BATCH_SIZE = 16  # more is no faster on a CPU, and takes 3 MB each
GPU_BATCH_SIZE = 256  # windows; chosen, not measured
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
    windows : (num_windows, 2) float64 array
        Start and end in seconds, increasing.
    """
    starts = []
    for start, end in speech:
        if end - start <= window:
            starts.append(np.array([max(0.0, (start + end - window) / 2)]))
        else:
            num = int(np.ceil((end - start - window) / hop)) + 1
            starts.append(np.linspace(start, end - window, max(2, num)))
    placed = np.sort(np.concatenate(starts)) if starts else np.zeros(0)
    return np.stack([placed, placed + window], axis=1)


def embed_stretches(
    waveform: NDArray[np.float32],
    stretches: NDArray[np.float64],
    voice_encoder: torch.nn.Module,
) -> NDArray[np.float64]:
    """Embed stretches of different lengths; shorter ones than `MIN_EMBEDDED` are repeated up to it.

    Parameters
    ----------
    waveform : (num_samples,) float32 array
        At 16 kHz; silence beyond its end.
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
    starts, ends = np.round(stretches * SAMPLE_RATE).astype(int).T
    lengths = np.maximum(ends - starts, 1)
    shortest = round(MIN_EMBEDDED * SAMPLE_RATE)
    device = next((p.device for p in voice_encoder.parameters()), torch.device("cpu"))
    batch_size = BATCH_SIZE if device.type == "cpu" else GPU_BATCH_SIZE
    found: dict[int, NDArray[np.float64]] = {}
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for part in np.split(rows, range(batch_size, len(rows), batch_size)):
            batch = np.zeros((len(part), length), np.float32)
            for row, start in zip(batch, starts[part], strict=True):
                piece = waveform[start : start + length]
                row[: len(piece)] = piece
            if length < shortest:
                batch = np.tile(batch, (1, -(-shortest // length)))[:, :shortest]
            with torch.inference_mode():
                vectors = voice_encoder(torch.from_numpy(batch).to(device)).double().cpu().numpy()
            found |= dict(zip(part.tolist(), unit(vectors), strict=True))
    return np.array([found[row] for row in range(len(stretches))])


def embed_audio(path: Path, voice_encoder: torch.nn.Module) -> NDArray[np.float64]:
    """Average the voice of a sound file's speech, (embedding_dim,); not of unit length.

    Raises
    ------
    MediaError
        When nobody speaks in it.
    """
    waveform = load_audio(path)
    spoken = find_speech(waveform)
    if not spoken:
        raise MediaError(f"{path}: holds no speech; expected a voice sample of one person")
    windows = place_windows(spoken, WINDOW, WINDOW / 2)
    return embed_stretches(waveform, windows, voice_encoder).mean(axis=0)


embed_sound = renamed(embed_audio, "embed_sound")


def model_path(source: str | Path | Mapping[str, Any]) -> str:
    """Resolve what pyannote makes of `$model/part`: a mapping of checkpoint and subfolder."""
    if isinstance(source, Mapping):
        return f"{source['checkpoint']}/{source.get('subfolder') or ''}".rstrip("/")
    return str(source)
