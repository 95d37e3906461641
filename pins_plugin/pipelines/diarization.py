"""The built-in diarization: who speaks when, without any download.

Voice activity (silero-vad), a voice embedding every fifth of a second, agglomerative clustering, and a
Viterbi pass that moves the borders between speakers to where the voice changes. One voice at a time.
"""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment

from pins_plugin.pipelines.clustering import (
    cluster_voices,
    enroll_voices,
    smooth_states,
)
from pins_plugin.pipelines.host import Pipeline
from pins_plugin.pipelines.sound import file_uri, load_sound
from pins_plugin.pipelines.voice_activity import find_speech
from pins_plugin.pipelines.voices import (
    DEFAULT_VOICE,
    Regions,
    embed_windows,
    load_voice_encoder,
    model_path,
    place_windows,
)
from pins_plugin.utils.vectors import unit

FRAME = 0.1  # seconds, of the final borders
FEWEST_NEIGHBORS = 10  # windows, to measure the spread of a voice
KNOWN_SPEECH = 2.0  # seconds; a known voice that would be heard for less is not
ROUNDS = 2  # of assigning frames to speakers and averaging speakers again


@dataclass(frozen=True)
class DiarizationSettings:
    """How speakers are told apart.

    Parameters
    ----------
    onset, offset, min_silence, min_speech, pad : float
        Of the voice activity; see `voice_activity.find_speech`.
    window, hop : float
        Length and distance of the windows that are embedded, in seconds.
    threshold, least_threshold : float
        Largest and least cosine distance from which on two voices are two speakers.
    spread : float
        That distance in units of the median distance of one second of speech to the next, which is small in
        clean sound.
    smallest : float
        Least speech of a speaker, in seconds.
    switch_cost : float
        Cosine similarity, summed over frames of 0.1 s, that a change of speaker must gain.
    """

    onset: float = 0.4
    offset: float = 0.25
    min_silence: float = 0.3
    min_speech: float = 0.1
    pad: float = 0.1
    window: float = 1.0
    hop: float = 0.2
    threshold: float = 0.345
    least_threshold: float = 0.3
    spread: float = 1.2
    smallest: float = 1.0
    switch_cost: float = 0.6


def diarize(
    waveform: NDArray[np.float32],
    voice_encoder: torch.nn.Module | None = None,
    settings: DiarizationSettings | None = None,
    *,
    speech: Regions | None = None,
    num_speakers: int | None = None,
    known: Mapping[str, NDArray[np.floating]] | None = None,
    uri: str | None = None,
) -> Annotation:
    """Say who speaks when.

    Parameters
    ----------
    waveform : (num_samples,) float32 array
        At 16 kHz.
    voice_encoder : nn.Module, optional
        Maps (batch, num_samples) waveforms to (batch, embedding_dim) embeddings of unit length.
    settings : DiarizationSettings, optional
    speech : list of (start, end), optional
        Where somebody speaks, in seconds; found by the voice activity detector when not given.
    num_speakers : int, optional
        When it is known.
    known : mapping of str to (embedding_dim,) array, optional
        Voices that may be heard, by name; see `clustering.enroll_voices`.
    uri : str, optional
        Name of the file.

    Returns
    -------
    turns : Annotation
        Labels are the names of known voices, and for all others SPEAKER_00, SPEAKER_01, ... in order of
        appearance; turns do not overlap.
    """
    settings = settings or DiarizationSettings()
    if speech is None:
        speech = find_speech(
            waveform,
            onset=settings.onset,
            offset=settings.offset,
            min_silence=settings.min_silence,
            min_speech=settings.min_speech,
            pad=settings.pad,
        )
    turns = Annotation(uri=uri)
    if not speech:
        return turns
    encoder = load_voice_encoder() if voice_encoder is None else voice_encoder
    starts = place_windows(speech, settings.window, settings.hop)
    embeddings = embed_windows(waveform, starts, settings.window, encoder)
    spread = voice_spread(speech, starts, embeddings, settings.window)
    threshold = np.clip(settings.spread * spread, settings.least_threshold, settings.threshold)
    centroids = cluster_voices(
        embeddings, float(threshold), round(settings.smallest / settings.hop), num_speakers
    )
    names: dict[int, str] = {}
    if known:
        fewest = round(KNOWN_SPEECH / settings.hop)
        centroids, enrolled = enroll_voices(embeddings, centroids, known, fewest)
        names = dict(enumerate(enrolled))
    regions = _follow_speakers(
        speech, starts + settings.window / 2, embeddings, centroids, settings
    )
    num_strangers = itertools.count()
    for region, (frames, states) in zip(speech, regions, strict=True):
        for start, end, state in _runs(region, frames, states):
            if state not in names:
                names[state] = f"SPEAKER_{next(num_strangers):02d}"
            turns[Segment(start, end)] = names[state]
    return turns


def voice_spread(
    speech: Regions,
    starts: NDArray[np.float64],
    embeddings: NDArray[np.float64],
    window: float,
) -> float:
    """Measure how far apart windows of one voice are: median cosine distance of neighbors without overlap.

    Parameters
    ----------
    speech : list of (start, end)
    starts : (num_windows,) float64 array
        In seconds, increasing.
    embeddings : (num_windows, embedding_dim) array
        Of unit length.
    window : float
        Length of the windows, in seconds.

    Returns
    -------
    distance : float
        Infinite where there are too few neighbors to tell.
    """
    following = np.searchsorted(starts, starts + window - 1e-6)
    known = following < len(starts)
    first, second = np.flatnonzero(known), following[known]
    regions = np.searchsorted([end for _, end in speech], starts)
    near = (regions[first] == regions[second]) & (starts[second] - starts[first] < 1.3 * window)
    if near.sum() < FEWEST_NEIGHBORS:
        return float("inf")
    products = (embeddings[first[near]] * embeddings[second[near]]).sum(axis=1)
    return float(np.median(1 - products))


class BuiltinDiarization(Pipeline):  # type: ignore[misc]
    """The built-in diarization as a pyannote pipeline.

    Parameters
    ----------
    voice : str
        Model folder (or name of a model that comes with the package) whose voice branch is used.
    token, cache_dir : ignored
        pyannote hands them to every pipeline.
    """

    def __init__(
        self,
        voice: str | Mapping[str, Any] = DEFAULT_VOICE,
        token: Any = None,
        cache_dir: Any = None,
    ) -> None:
        from pyannote.pipeline.parameter import Uniform

        super().__init__()
        self.voice_encoder = load_voice_encoder(model_path(voice))
        self.onset = Uniform(0.1, 0.9)
        self.offset = Uniform(0.05, 0.9)
        self.min_silence = Uniform(0.0, 1.0)
        self.threshold = Uniform(0.1, 0.9)
        self.spread = Uniform(0.5, 3.0)
        self.smallest = Uniform(0.0, 4.0)
        self.switch_cost = Uniform(0.0, 4.0)

    def default_parameters(self) -> dict[str, float]:
        """Values that were chosen on meetings and composed scenes."""
        defaults = asdict(DiarizationSettings())
        return {
            name: defaults[name]
            for name in (
                "onset",
                "offset",
                "min_silence",
                "threshold",
                "spread",
                "smallest",
                "switch_cost",
            )
        }

    def apply(
        self,
        file: Any,
        num_speakers: int | None = None,
        known: Mapping[str, NDArray[np.floating]] | None = None,
        hook: Any = None,
        **_: Any,
    ) -> Annotation:
        """Diarize a file: a path, or a mapping with `waveform` and `sample_rate`, or with `audio`."""
        hook = self.setup_hook(file, hook)
        hook("diarization", None, total=1, completed=0)
        turns = diarize(
            load_sound(file),
            self.voice_encoder,
            self.settings,
            num_speakers=num_speakers,
            known=known,
            uri=file_uri(file),
        )
        hook("diarization", turns, total=1, completed=1)
        return turns

    @property
    def settings(self) -> DiarizationSettings:
        """The instantiated parameters."""
        names = self.default_parameters()
        return DiarizationSettings(**{name: float(getattr(self, name)) for name in names})

    def get_metric(self) -> Any:
        """The error that `pyannote.pipeline.Optimizer` lowers."""
        from pyannote.metrics.diarization import DiarizationErrorRate

        return DiarizationErrorRate(collar=0.0, skip_overlap=False)


def _follow_speakers(
    speech: Regions,
    centers: NDArray[np.float64],
    embeddings: NDArray[np.float64],
    centroids: NDArray[np.float64],
    settings: DiarizationSettings,
) -> list[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Times and speakers of the frames of each region; speakers are averaged anew between rounds."""
    for _ in range(ROUNDS):
        regions = [
            _follow(region, centers, embeddings @ centroids.T, settings) for region in speech
        ]
        times = np.concatenate([frames for frames, _ in regions])
        states = np.concatenate([states for _, states in regions])
        nearest = states[np.clip(np.searchsorted(times, centers), 0, len(times) - 1)]
        centroids = np.stack(
            [
                unit(embeddings[nearest == k].mean(axis=0)) if (nearest == k).any() else centroid
                for k, centroid in enumerate(centroids)
            ]
        )
    return regions


def _follow(
    region: tuple[float, float],
    centers: NDArray[np.float64],
    similarities: NDArray[np.float64],
    settings: DiarizationSettings,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Times and speakers of the frames of one region."""
    start, end = region
    num_frames = max(1, int(np.ceil((end - start) / FRAME - 1e-6)))
    frames = start + (np.arange(num_frames) + 0.5) * (end - start) / num_frames
    near = slice(*np.searchsorted(centers, [start - settings.window, end + settings.window]))
    scores = np.stack(
        [np.interp(frames, centers[near], column[near]) for column in similarities.T], axis=1
    )
    return frames, smooth_states(scores, settings.switch_cost)


def _runs(
    region: tuple[float, float], frames: NDArray[np.float64], states: NDArray[np.int64]
) -> list[tuple[float, float, int]]:
    """Join equal neighbors: (start, end, state)."""
    changes = np.flatnonzero(np.diff(states)) + 1
    borders = [region[0], *((frames[changes - 1] + frames[changes]) / 2), region[1]]
    firsts = [0, *changes]
    return [
        (float(borders[i]), float(borders[i + 1]), int(states[first]))
        for i, first in enumerate(firsts)
    ]
