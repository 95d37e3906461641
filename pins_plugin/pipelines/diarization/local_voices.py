"""Voices of local speakers: each is embedded once, over the frames in which nobody else speaks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.audio import SAMPLE_RATE
from pins_plugin.pipelines.diarization.segmentation import (
    FIELD,
    FRAME_STEP,
    HOP,
    LocalSpeaker,
    Segmentation,
)
from pins_plugin.pipelines.diarization.voices import Regions
from pins_plugin.utils.vectors import unit

SHORTEST = 0.3  # seconds of speech; less is no voice
LONGEST = 10.0  # seconds; more of one stretch does not make the voice clearer


@dataclass(frozen=True, eq=False)
class LocalVoices:
    """Local speakers of a file and how they sound.

    Parameters
    ----------
    speakers : list of LocalSpeaker
    embeddings : (num_speakers, embedding_dim) float64 array
        Of unit length; zero where `seconds` is.
    seconds : (num_speakers,) float64 array
        Of speech that each embedding was taken over; 0 where there was less than `SHORTEST`.
    share : (num_speakers,) float64 array
        Of that speech which is counted here, as other windows hear it too: 1 / number of windows.
    """

    speakers: list[LocalSpeaker]
    embeddings: NDArray[np.float64]
    seconds: NDArray[np.float64]
    share: NDArray[np.float64]


def embed_local_speakers(
    waveform: NDArray[np.float32],
    segmentation: Segmentation,
    voice_encoder: torch.nn.Module,
    pause: float = 0.3,
    min_active: float = 0.1,
) -> LocalVoices:
    """Embed once each stretch of at least `min_active` seconds of each local speaker, cut at pauses (s)."""
    least = max(1, round(min_active / FRAME_STEP))
    speakers = [
        part
        for each in segmentation.local_speakers(least)
        for part in each.split_at_pauses(pause)
        if part.active.sum() >= least
    ]
    coverage = np.zeros(segmentation.num_frames)
    for window in range(len(segmentation.first_frames)):
        coverage[segmentation.frames_of(window)] += 1
    regions, share = [], np.ones(len(speakers))
    for row, each in enumerate(speakers):
        regions.append(frame_regions(each.alone, each.first_frame))
        own = coverage[each.first_frame : each.first_frame + len(each.active)]
        share[row] = np.mean(1 / own[each.alone if each.alone.any() else each.active])
    embeddings, seconds = embed_regions(waveform, regions, voice_encoder)
    return LocalVoices(speakers, embeddings, seconds, share)


def frame_regions(chosen: NDArray[np.bool_], first_frame: int) -> Regions:
    """Stretches of sound, in seconds, of chosen frames (num_frames,) of which the first is number `first_frame`.

    Examples
    --------
    >>> [(round(start, 3), round(end, 3)) for start, end in frame_regions(np.array([False, True, True]), 0)]
    [(0.039, 0.073)]
    """
    edges = np.flatnonzero(np.diff(chosen.astype(int), prepend=0, append=0)).reshape(-1, 2)
    middle = FIELD / 2 - HOP / 2  # samples before which the stretch of frame 0 does not start
    times = np.maximum(((edges + first_frame) * HOP + middle) / SAMPLE_RATE, 0)
    return [(float(start), float(end)) for start, end in times]


def embed_regions(
    waveform: NDArray[np.float32], regions: Sequence[Regions], voice_encoder: torch.nn.Module
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Embed several stretches of sound as one voice.

    Parameters
    ----------
    waveform : (num_samples,) float32 array
        At 16 kHz.
    regions : sequence of list of (start, end)
        Of each voice, in seconds; they are joined, up to ten seconds.
    voice_encoder : nn.Module
        Maps (batch, num_samples) waveforms to (batch, embedding_dim) embeddings.

    Returns
    -------
    voice_embeddings : (num_voices, embedding_dim) float64 array
        Of unit length; zero where less than 0.3 s was heard.
    seconds : (num_voices,) float64 array
        That were heard; 0 where less than 0.3 s was.
    """
    device = next((p.device for p in voice_encoder.parameters()), torch.device("cpu"))
    found: dict[int, NDArray[np.float64]] = {}
    seconds = np.zeros(len(regions))
    for row, stretches in enumerate(regions):
        pieces = [
            waveform[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
            for start, end in stretches
        ]
        sound = np.concatenate([np.zeros(0, np.float32), *pieces])[: round(LONGEST * SAMPLE_RATE)]
        if len(sound) < SHORTEST * SAMPLE_RATE:
            continue
        with torch.inference_mode():
            batch = torch.from_numpy(sound)[None].to(device)
            found[row] = unit(voice_encoder(batch)[0].double().cpu().numpy())
        seconds[row] = len(sound) / SAMPLE_RATE
    size = len(next(iter(found.values()))) if found else 0
    embeddings = np.zeros((len(regions), size))
    for row, embedding in found.items():
        embeddings[row] = embedding
    return embeddings, seconds
