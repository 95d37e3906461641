"""Cuts of the picture: where they are, and how late the sound changes with them.

Lips cannot tell the latter: each source of an edited video has an offset of its own, which a cut leaves as it is.
Voices can: where the speaker changes with the picture, what is heard just before and just after differ most if
neither reaches across the change.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.pipelines.diarization.voices import Regions, embed_windows
from pins_plugin.pipelines.linking.pieces import track_span
from pins_plugin.types import FaceTrack

CLOSE = 0.15  # seconds: cuts that are closer are one
MOST_DELAY = 0.48  # seconds, either way
STEP = 0.04  # seconds between the delays that are tried
WINDOW = 0.8  # seconds before and after
WITHIN = 0.3  # seconds of speech that a cut must have on both sides
LEAST_GAIN = 0.2  # cosine distance, summed over cuts, that a delay must gain over none
MOST_CUTS = 200  # that are listened to


def find_cuts(tracks: Sequence[FaceTrack]) -> list[float]:
    """Seconds at which the picture is cut, as far as faces come or go with it."""
    spans: dict[int, list[tuple[float, float]]] = {}
    for track in tracks:
        spans.setdefault(track.shot, []).append(track_span(track))
    times = [min(start for start, _ in shot) for shot in spans.values()]
    times += [max(end for _, end in shot) for shot in spans.values()]
    cuts: list[float] = []
    for time in sorted(times):
        if not cuts or time - cuts[-1] > CLOSE:
            cuts.append(time)
    return cuts


def find_delay(
    cuts: Sequence[float],
    speech: Regions,
    waveform: NDArray[np.float32],
    voice_encoder: torch.nn.Module,
) -> float:
    """Find how late the sound changes, in seconds: where voices before and after the cuts differ most.

    Parameters
    ----------
    cuts : sequence of float
        In seconds.
    speech : list of (start, end)
        Where somebody speaks; other cuts say nothing.
    waveform : (num_samples,) float32 array
        At 16 kHz.
    voice_encoder : nn.Module

    Returns
    -------
    delay : float
        Zero unless another one is clearly better.
    """
    inside = [c for c in cuts if any(a + WITHIN < c < b - WITHIN for a, b in speech)]
    inside = inside[:: 1 + len(inside) // MOST_CUTS]
    if not inside:
        return 0.0
    most = round(MOST_DELAY / STEP)
    delays = STEP * np.arange(-most, most + 1)
    changes = np.add.outer(inside, delays)  # (num_cuts, num_delays)
    before, after = (
        embed_windows(waveform, starts.ravel().clip(0.0), WINDOW, voice_encoder)
        for starts in (changes - WINDOW, changes)
    )
    differences = (1 - (before * after).sum(axis=1)).reshape(changes.shape).sum(axis=0)
    best = int(differences.argmax())
    return float(delays[best]) if differences[best] - differences[most] > LEAST_GAIN else 0.0
