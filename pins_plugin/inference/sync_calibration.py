"""From similarities to probabilities, fitted on people whom the model has not seen."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pins_plugin.data.sync import FRAME_RATE, SyncClip
from pins_plugin.inference.synchronizer import (
    MAX_OFFSET,
    SPEAKING_WINDOW,
    TOLERANCE,
    Synchronizer,
    offset_curve,
    offset_evidence,
    speaking_evidence,
)
from pins_plugin.models.folder import HYPERPARAMS, resolve_source
from pins_plugin.models.safe_yaml import format_model_yaml, parse_model_yaml
from pins_plugin.utils.files import write_text

WINDOW_LENGTHS = (15, 25, 38, 50, 75)
DUBBED = 0.2  # share of windows with somebody else's sound, for which no offset is right


def fit_offset_weights(synchronizer: Synchronizer, clips: Sequence[SyncClip]) -> list[float]:
    """Fit the confidence of an offset: bias, margin, peak (see `offset_evidence`).

    Parameters
    ----------
    synchronizer : Synchronizer
        Its own calibration is not used.
    clips : sequence of SyncClip
        In sync; of people whom its encoders have not seen.
    """
    evidence, right = [], []
    for similarities in _pairs(synchronizer, clips, same=True):
        for length in WINDOW_LENGTHS:
            for values, is_right in offset_cases(similarities, length):
                evidence.append(values)
                right.append(is_right)
    num_dubbed = round(DUBBED * len(evidence))
    dubbed = [
        values
        for similarities in _pairs(synchronizer, clips, same=False)
        for length in WINDOW_LENGTHS
        for values, _ in offset_cases(similarities, length)
    ]
    chosen = np.random.default_rng(0).permutation(len(dubbed))[:num_dubbed]
    evidence += [dubbed[index] for index in chosen]
    right += [False] * len(chosen)
    return _fit(np.array(evidence), np.array(right), balanced=False)


def fit_speaking_weights(synchronizer: Synchronizer, clips: Sequence[SyncClip]) -> list[float]:
    """Fit the log-likelihood ratio of speaking: bias and three weights (see `speaking_evidence`).

    Speaking: a face with its own sound. Not speaking: a face that speaks with another's sound, and with its
    own sound of another time.
    """
    half = SPEAKING_WINDOW // 2
    columns = [
        [speaking_evidence(each)[half::half] for each in _pairs(synchronizer, clips, same)]
        for same in (True, False)
    ]
    evidence = np.concatenate([np.concatenate(part) for part in columns])
    num_speaking = sum(len(each) for each in columns[0])
    speaking = np.arange(len(evidence)) < num_speaking
    kept = np.isfinite(evidence).all(axis=1)
    return _fit(evidence[kept], speaking[kept], balanced=True)


def offset_cases(
    similarities: NDArray[np.floating], length: int, stride: int = 10
) -> Iterator[tuple[tuple[float, float], bool]]:
    """For windows of `length` frames: the evidence, and whether the best offset is right."""
    for start in range(0, len(similarities) - length + 1, stride):
        window = similarities[start : start + length]
        num_frames = int(np.isfinite(window).any(axis=1).sum())
        if num_frames < length // 2:
            continue
        curve = offset_curve(window)
        error = abs(int(np.nanargmax(curve)) - len(curve) // 2)
        yield offset_evidence(curve, num_frames), error <= TOLERANCE


def _pairs(
    synchronizer: Synchronizer, clips: Sequence[SyncClip], same: bool
) -> Iterator[NDArray[np.float32]]:
    """Similarities of lips with their own sound, or with others' and that of another time."""
    for index, clip in enumerate(clips):
        times = np.arange(len(clip.lips)) / FRAME_RATE
        sounds = [clip.waveform]
        if not same:
            strangers = [other for other in clips if other.person != clip.person]
            chosen = [strangers[(index + step) % len(strangers)] for step in (0, 1, 2)]
            sounds = [np.resize(other.waveform, len(clip.waveform)) for other in chosen]
            sounds.append(np.roll(clip.waveform, len(clip.waveform) // 2))
        for waveform in sounds:
            yield synchronizer.features(
                clip.lips, times, waveform, max_offset=MAX_OFFSET
            ).similarities


def _fit(evidence: NDArray, labels: NDArray, balanced: bool) -> list[float]:
    model = LogisticRegression(C=100.0, class_weight="balanced" if balanced else None)
    model.fit(evidence, labels)
    return [round(float(value), 4) for value in (*model.intercept_, *model.coef_[0])]


def write_calibration(source: str | Path, weights: Mapping[str, list[float]]) -> None:
    """Put the weights into a model folder's settings."""
    path = resolve_source(source) / HYPERPARAMS
    values = parse_model_yaml(path.read_text(encoding="utf-8"))
    values["settings"] = {**values.get("settings", {}), **weights}
    write_text(path, format_model_yaml(values))
