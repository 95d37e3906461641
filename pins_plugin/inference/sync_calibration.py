"""From similarities to probabilities, fitted on people whom the model has not seen."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.training.sync_clips import FRAME_RATE, SyncClip
from pins_plugin.inference.synchronizer import (
    TOLERANCE,
    Synchronizer,
    offset_curve,
    offset_evidence,
)
from pins_plugin.models.folder.model_folder import (
    HYPERPARAMS,
    format_hyperparams,
    read_hyperparams,
    resolve_source,
)
from pins_plugin.utils.files import write_text

WINDOW_LENGTHS = (15, 25, 50, 100)  # frames; chosen, not measured
# Share of windows with somebody else's sound, for which no offset is right; chosen, not measured
DUBBED = 0.25
Held = Sequence[tuple[Synchronizer, Sequence[SyncClip]]]


def fit_offset_weights(held: Held) -> list[float]:
    """Fit the confidence of an offset: bias, margin, peak (see `offset_evidence`).

    Faces are seen for as long as each of `WINDOW_LENGTHS` and for the whole clip; people and lengths count alike.

    Parameters
    ----------
    held : sequence of (Synchronizer, sequence of SyncClip)
        Clips in sync, of people whom the encoders beside them have not seen. Calibrations are not used.
    """
    evidence, right, groups = [], [], []
    for synchronizer, clips in held:
        for clip, waveforms, same in _pairs(clips):
            for length in (*WINDOW_LENGTHS, len(clip.lips)):
                for waveform in waveforms:
                    for values, is_right in offset_cases(synchronizer, clip, waveform, length):
                        evidence.append(values)
                        right.append(same and is_right)
                        groups.append((clip.person, same, min(length, len(clip.lips))))
    counts = Counter(groups)
    weights = [(1 - DUBBED if group[1] else DUBBED) / counts[group] for group in groups]
    return fit_logistic(np.array(evidence), np.array(right), np.array(weights))


def offset_cases(
    synchronizer: Synchronizer, clip: SyncClip, waveform: NDArray[np.float32], length: int
) -> Iterator[tuple[tuple[float, float], bool]]:
    """For each face seen for `length` frames: the evidence, and whether the best offset is right."""
    times = np.arange(len(clip.lips)) / FRAME_RATE
    for start in range(0, len(times) - length + 1, max(10, length // 4)):
        window = slice(start, start + length)
        features = synchronizer.features(clip.lips[window], times[window], waveform)
        similarities = features.similarities
        num_frames = int(np.isfinite(similarities).any(axis=1).sum())
        if num_frames < length // 2:
            continue
        curve = offset_curve(similarities)
        error = abs(int(np.nanargmax(curve)) - len(curve) // 2)
        yield offset_evidence(curve, num_frames), error <= TOLERANCE


def _pairs(
    clips: Sequence[SyncClip],
) -> Iterator[tuple[SyncClip, list[NDArray[np.float32]], bool]]:
    """Each clip with its own sound (True), and with others' and that of another time (False)."""
    for index, clip in enumerate(clips):
        yield clip, [clip.waveform], True
        strangers = [other for other in clips if other.person != clip.person]
        chosen = [strangers[(index + step) % len(strangers)] for step in (0, 1, 2)]
        sounds = [np.resize(other.waveform, len(clip.waveform)) for other in chosen]
        yield clip, [*sounds, np.roll(clip.waveform, len(clip.waveform) // 2)], False


def fit_logistic(
    evidence: NDArray[np.floating], labels: NDArray[np.bool_], weights: NDArray[np.floating]
) -> list[float]:
    """Fit a probability: bias and one weight for each column of `evidence` (num_cases, num_columns)."""
    from sklearn.linear_model import LogisticRegression  # only to learn it: a second to import

    model = LogisticRegression(C=100.0, max_iter=5000)
    model.fit(evidence, labels, sample_weight=weights * len(weights) / weights.sum())
    return [round(float(value), 4) for value in (*model.intercept_, *model.coef_[0])]


def write_calibration(source: str | Path, weights: Mapping[str, Any]) -> None:
    """Put the weights into a model folder's settings."""
    folder = resolve_source(source)
    found = read_hyperparams(folder)
    changed = found._replace(settings={**found.settings, **weights})
    write_text(folder / HYPERPARAMS, format_hyperparams(changed))
