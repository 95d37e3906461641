"""Voice activity detection (VAD, speech activity): silero-vad (its weights are in its wheel), with hysteresis."""

import threading
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.inference.lips_and_sound import check_waveform

ONSET, OFFSET = 0.5, 0.35  # probabilities; those that silero-vad itself uses
SILERO_FRAME = 512  # samples of 16 kHz per probability: the frame of silero-vad
# Samples that are scored in one call, so that memory is bounded
SAMPLES_AT_ONCE = 60 * SAMPLE_RATE // SILERO_FRAME * SILERO_FRAME
_detectors = threading.local()
_opening = threading.Lock()


def _detector() -> Any:
    """Give the network of this thread: it carries state from frame to frame, so none is shared."""
    if not hasattr(_detectors, "network"):
        with _opening:
            num_threads = torch.get_num_threads()
            import silero_vad  # its import leaves torch with one thread

            _detectors.network = silero_vad.load_silero_vad()
            torch.set_num_threads(num_threads)
    return _detectors.network


def speech_probability(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probability of speech every 32 ms of a waveform (num_samples,) at 16 kHz: (num_frames,) float32.

    Frame i covers the samples [512 i, 512 (i + 1)); the last one is filled up with silence.
    """
    waveform = check_waveform(waveform)
    if len(waveform) == 0:
        return np.zeros(0, np.float32)
    detector = _detector()
    pieces = []
    with torch.inference_mode():
        for begin in range(0, len(waveform), SAMPLES_AT_ONCE):
            samples = np.ascontiguousarray(waveform[begin : begin + SAMPLES_AT_ONCE])
            block = torch.from_numpy(samples)
            block = torch.nn.functional.pad(block, (0, -len(block) % SILERO_FRAME))
            pieces.append(detector.audio_forward(block, SAMPLE_RATE)[0].numpy())
    return np.concatenate(pieces)


def find_speech(
    waveform: NDArray[np.float32],
    *,
    min_silence: float = 0.3,
    min_speech: float = 0.2,
    pad: float = 0.05,
) -> list[tuple[float, float]]:
    """Regions of speech: from where its probability reaches `ONSET` to where it falls below `OFFSET`.

    Parameters
    ----------
    waveform : (num_samples,) float32 array
        At 16 kHz.
    min_silence, min_speech, pad : float
        Seconds: shorter pauses are bridged, then shorter regions dropped, then each is widened at both ends.

    Returns
    -------
    regions : list of (start, end)
        In seconds, in order, without overlap.
    """
    seconds = SILERO_FRAME / SAMPLE_RATE
    total = len(waveform) / SAMPLE_RATE
    regions: list[list[float]] = []
    active = False
    for index, value in enumerate(speech_probability(waveform)):
        if not active and value >= ONSET:
            active = True
            if regions and index * seconds - regions[-1][1] < min_silence:
                continue
            regions.append([index * seconds, index * seconds])
        active = active and bool(value >= OFFSET)
        if active:
            regions[-1][1] = min(total, (index + 1) * seconds)
    padded: list[tuple[float, float]] = []
    for start, end in regions:
        if end - start >= min_speech:
            start, end = max(0.0, start - pad), min(total, end + pad)
            if padded and start <= padded[-1][1]:
                start = padded.pop()[0]
            padded.append((start, end))
    return padded
