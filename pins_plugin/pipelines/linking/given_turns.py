"""Given turns (an oracle diarization, or another system's) in place of the segmentation: who, and how many speak, is settled."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.errors import PinsError
from pins_plugin.pipelines.diarization.audio_file import file_uri
from pins_plugin.pipelines.diarization.rttm import choose_turns
from pins_plugin.pipelines.linking.hearing import STEP, Embed, Hearing, cut_stretches
from pins_plugin.pipelines.pyannote_host.host import Pipeline
from pins_plugin.pipelines.pyannote_host.pipeline_folder import open_pipeline

# Log-probability of another number of speakers than the turns say; chosen, not measured
UNLIKELY = -6.0
# Seconds of every label that each person is taken to have spoken; chosen, not measured
SMOOTHING = 1.0


def find_turns(
    sources: Sequence[Any], file: Mapping[str, Any], waveform: NDArray[Any], device: torch.device
) -> Annotation | None:
    """Say who speaks when in a file, at `waveform` (num_samples,) of 16 kHz, by the first of `sources` that is not None.

    Each is an RTTM file, an Annotation, a pyannote pipeline, or the folder of one; None where there is none.

    Raises
    ------
    PinsError
        When a pipeline gives no Annotation.
    """
    uri, source = file_uri(file), next((each for each in sources if each is not None), None)
    if source is None:
        return None
    if isinstance(source, str | Path) and not Path(source).is_dir():
        return choose_turns(source, uri)
    if isinstance(source, str | Path):
        source = _opened(Path(source).resolve()).to(device)
    if not isinstance(source, Annotation):
        sound = torch.from_numpy(waveform)[None]
        output = source({"waveform": sound, "sample_rate": SAMPLE_RATE, "uri": uri})
        source = getattr(output, "speaker_diarization", output)
    if not isinstance(source, Annotation):
        raise PinsError(
            f"diarization: expected a pipeline that gives an Annotation, got {type(source).__name__}"
        )
    return source.copy()


@lru_cache(maxsize=2)
def _opened(folder: Path) -> Pipeline:
    """Open a pipeline once for all files; not longer than others are asked for."""
    return open_pipeline(folder)


def hear_turns(
    turns: Annotation, cuts: NDArray[np.bool_], embed: Embed
) -> tuple[Hearing, NDArray[np.int64]]:
    """Bring given turns onto the decoder's clock; `cuts` and `embed` are as in `hearing.hear`.

    Returns
    -------
    hearing : Hearing
    labels : (num_stretches,) int64 array
        Index of the speaker of each stretch, among the labels of the turns.
    """
    num_steps = len(cuts)
    active = active_turns(turns, num_steps)
    number = np.minimum(active.sum(axis=1), 2)
    counts = np.full((num_steps, 3), UNLIKELY)
    counts[np.arange(num_steps), number] = 0.0
    changes = np.zeros(num_steps)
    changes[1:] = (active[1:] != active[:-1]).any(axis=1)
    stretches, stretch_of = cut_stretches(counts, changes, cuts | (changes > 0), min_seconds=STEP)
    middles = np.minimum((stretches.mean(axis=1) / STEP).astype(int), num_steps - 1)
    labels = active[middles].argmax(axis=1) if len(stretches) else np.zeros(0, int)
    groups = np.zeros((active.shape[1], len(stretches)))
    groups[labels, np.arange(len(stretches))] = stretches[:, 1] - stretches[:, 0]
    total = groups.sum(axis=1, keepdims=True)
    groups = np.divide(groups, total, out=np.zeros_like(groups), where=total > 0)
    both = np.full((num_steps, 2), -1)
    for step in np.flatnonzero(active.sum(axis=1) >= 2):
        pair = np.flatnonzero(active[step])[:2]
        both[step] = np.where(total[pair, 0] > 0, pair, -1)
    speech = np.zeros((num_steps, 2))  # given turns say when somebody speaks
    hearing = Hearing(
        counts, speech, changes, stretches, embed(stretches), stretch_of, groups, both
    )
    return hearing, labels.astype(np.int64)


def active_turns(turns: Annotation, num_steps: int) -> NDArray[np.bool_]:
    """Which speakers have a turn at each step, (num_steps, num_speakers)."""
    labels = turns.labels()
    active = np.zeros((num_steps, len(labels)), bool)
    for segment, _, label in turns.itertracks(yield_label=True):
        first, last = round(segment.start / STEP), round(segment.end / STEP)
        active[first : max(last, first + 1), labels.index(label)] = True
    return active


def label_ratios(
    labels: NDArray[np.int64], seconds: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log-likelihood ratio of each stretch's label being each person's, against anybody's: a label speaks as a voice does.

    Parameters
    ----------
    labels : (num_stretches,) int64 array
    seconds : (num_stretches,) float64 array
    shares : (num_stretches, num_people) float64 array
        How far each stretch is each person's; a stretch does not vouch for itself.

    Returns
    -------
    ratios : (num_stretches, num_people) float64 array
    """
    if not len(labels):
        return np.zeros(shares.shape)
    number = int(labels.max()) + 1
    spoken = seconds[:, None] * shares
    by_label = np.zeros((number, shares.shape[1]))
    np.add.at(by_label, labels, spoken)
    mine = by_label[labels] - spoken
    all_mine = by_label.sum(axis=0) - spoken
    chance = (np.bincount(labels, seconds, number) + SMOOTHING) / (
        seconds.sum() + number * SMOOTHING
    )
    prior = SMOOTHING * number * chance[labels][:, None]
    found = (mine + prior) / (all_mine + SMOOTHING * number)
    return np.asarray(np.log(found / chance[labels][:, None]))
