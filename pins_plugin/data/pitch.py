"""How high a voice is: told apart by it are voices that a network for timbre takes for one."""

import torch
from speechbrain.processing.vocal_features import autocorrelate
from torch import Tensor
from torch.nn.functional import normalize

from pins_plugin.data.audio import SAMPLE_RATE

FRAME, HOP = 640, 160  # samples
LOWEST, HIGHEST = 65, 400  # Hz
OCTAVE_COST = (
    0.02  # of a harmonicity per octave: a period is no better than its half (Boersma 1993)
)
VOICED = 0.5  # harmonicity from which on a frame is voiced
LEAST_VOICED = 10  # frames
NEAR = 0.25  # octaves from the middle
UNSTEADY, STEADY = (
    0.5,
    0.9,
)  # share of voiced frames near the middle: of no trust, and of full trust
WIDTH = 0.5  # octaves over which two voices become different
STEP = 0.1  # octaves between the bins


def embed_pitch(waveforms: Tensor) -> Tensor:
    """Embed the median pitch of each waveform, so that the embeddings of close pitches are close.

    The pitch of a frame is where its autocorrelation peaks (Boersma, "Accurate short-term analysis of the fundamental
    frequency and the harmonics-to-noise ratio of a sampled sound", 1993).

    Parameters
    ----------
    waveforms : (batch, num_samples) tensor
        At 16 kHz, of 40 ms at least.

    Returns
    -------
    embeddings : (batch, num_bins) tensor
        Of length 1 where the pitch is clear, shorter where it jumps, as where two people speak, and zero where
        there is none.

    Examples
    --------
    >>> time = torch.arange(16000) / 16000
    >>> low, high = embed_pitch(torch.stack([(2 * torch.pi * hz * time).sin() for hz in (100, 200)]))
    >>> round(float(low @ low), 2), round(float(low @ high), 2)
    (1.0, 0.14)
    """
    frames = waveforms.unfold(-1, FRAME, HOP)
    frames = frames - frames.mean(dim=-1, keepdim=True)
    first, last = SAMPLE_RATE // HIGHEST, SAMPLE_RATE // LOWEST
    pitches = torch.log2(SAMPLE_RATE / torch.arange(first, last + 1, device=waveforms.device))
    peaks = autocorrelate(frames)[..., first : last + 1]
    best = (peaks + OCTAVE_COST * pitches).argmax(dim=-1, keepdim=True)
    voiced = peaks.gather(-1, best).squeeze(-1) > VOICED
    pitch = pitches[best.squeeze(-1)].masked_fill(~voiced, torch.nan)  # (batch, num_frames)
    middle = pitch.nanmedian(dim=-1, keepdim=True).values
    share = ((pitch - middle).abs() < NEAR).sum(dim=-1) / voiced.sum(dim=-1)
    trust = ((share - UNSTEADY) / (STEADY - UNSTEADY)).clamp(0, 1)
    bins = torch.arange(float(pitches.min()), float(pitches.max()), STEP, device=waveforms.device)
    embeddings = normalize((-(((middle - bins) / WIDTH) ** 2)).exp()) * trust[:, None]
    return embeddings.masked_fill((voiced.sum(dim=-1) < LEAST_VOICED)[:, None], 0.0)
