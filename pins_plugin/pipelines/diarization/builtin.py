"""The built-in diarization: who speaks when, without any download.

Voice activity (silero-vad), a voice embedding every fifth of a second, clustering in time (`clustering`), and a
Viterbi pass over tenths of a second that moves the borders between speakers to where the voice changes. One voice at
a time.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment

from pins_plugin.data.audio import SAMPLE_RATE
from pins_plugin.errors import PinsError
from pins_plugin.inference.voice_activity import find_speech
from pins_plugin.pipelines.diarization.audio_file import file_uri, load_sound
from pins_plugin.pipelines.diarization.clustering import (
    VoiceRules,
    change_costs,
    cluster_voices,
    enroll_voices,
    mean_voices,
    score_voices,
    smooth_states,
)
from pins_plugin.pipelines.diarization.voices import (
    DEFAULT_VOICE,
    Regions,
    embed_windows,
    load_voice_encoder,
    model_path,
    spread_times,
)
from pins_plugin.pipelines.pyannote_host.host import Pipeline
from pins_plugin.utils.vectors import unit

FRAME = 0.1  # seconds, of the final borders
KNOWN_SPEECH = 2.0  # seconds; a known voice that would be heard for less is not
Turn = tuple[float, float, int]  # start, end in seconds, speaker


@dataclass(frozen=True)
class DiarizationSettings:
    """How speakers are told apart.

    Parameters
    ----------
    onset, offset, min_silence, min_speech, pad : float
        Of the voice activity; see `voice_activity.find_speech`.
    window, hop : float
        Length and distance of the windows that are embedded, in seconds.
    distance, noise, switch_cost, pause_cost : float
        See `clustering.VoiceRules`.
    longest_pause : float
        Seconds; a shorter pause of one speaker belongs to the turn, as annotators have it.
    """

    onset: float = 0.3
    offset: float = 0.15
    min_silence: float = 0.3
    min_speech: float = 0.1
    pad: float = 0.05
    window: float = 1.0
    hop: float = 0.2
    distance: float = VoiceRules.distance
    noise: float = VoiceRules.noise
    switch_cost: float = VoiceRules.switch_cost
    pause_cost: float = VoiceRules.pause_cost
    longest_pause: float = 1.0

    @property
    def rules(self) -> VoiceRules:
        """Those of the clustering."""
        return VoiceRules(self.distance, self.noise, self.switch_cost, self.pause_cost)


def diarize(
    waveform: NDArray[np.float32],
    voice_encoder: torch.nn.Module | None = None,
    settings: DiarizationSettings | None = None,
    *,
    speech: Regions | None = None,
    num_speakers: int | None = None,
    min_speakers: int | None = None,
    max_speakers: int | None = None,
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
    num_speakers, min_speakers, max_speakers : int, optional
        Where their number, or a bound of it, is known.
    known : mapping of str to (embedding_dim,) array, optional
        Voices that may be heard, by name; see `clustering.enroll_voices`.
    uri : str, optional
        Name of the file.

    Returns
    -------
    turns : Annotation
        Labels are the names of known voices, and for all others SPEAKER_00, SPEAKER_01, ... in order of
        appearance; turns do not overlap.

    Raises
    ------
    PinsError
        When no number of speakers is within the bounds.
    """
    settings = settings or DiarizationSettings()
    fewest, most = choose_bounds(num_speakers, min_speakers, max_speakers)
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
    rules, window, hop = settings.rules, settings.window, settings.hop
    centers, regions = spread_times(speech, hop)
    last = max(0.0, len(waveform) / SAMPLE_RATE - window)
    embeddings = embed_windows(waveform, np.clip(centers - window / 2, 0, last), window, encoder)
    states = cluster_voices(embeddings, regions, hop, rules, fewest, most)
    _, means = mean_voices(embeddings, states, regions, hop)
    names: dict[int, str] = {}
    if known:
        means, heard = enroll_voices(embeddings, unit(means), known, round(KNOWN_SPEECH / hop))
        names = dict(enumerate(heard))
    frames, frame_regions = spread_times(speech, FRAME)
    scores = np.stack(
        [
            _interpolate(frames, frame_regions, centers, regions, column)
            for column in score_voices(embeddings, means).T
        ],
        axis=1,
    )
    states = smooth_states(FRAME * scores, change_costs(frame_regions, rules))
    strangers = itertools.count()
    found = _turns(speech, frames, frame_regions, states)
    for start, end, state in bridge_pauses(found, settings.longest_pause):
        if state not in names:
            names[state] = f"SPEAKER_{next(strangers):02d}"
        turns[Segment(start, end)] = names[state]
    return turns


def choose_bounds(
    num_speakers: int | None, min_speakers: int | None, max_speakers: int | None
) -> tuple[int, int | None]:
    """Fewest and most speakers, after a look whether they make sense.

    Examples
    --------
    >>> choose_bounds(None, 2, None), choose_bounds(3, None, None)
    ((2, None), (3, 3))
    """
    options = {
        "num_speakers": num_speakers,
        "min_speakers": min_speakers,
        "max_speakers": max_speakers,
    }
    for name, value in options.items():
        if value is not None and value < 1:
            raise PinsError(f"{name}: expected at least 1, got {value}")
    fewest = max(num_speakers or 1, min_speakers or 1)
    bounds = [bound for bound in (num_speakers, max_speakers) if bound is not None]
    most = min(bounds, default=None)
    if most is not None and fewest > most:
        raise PinsError(
            f"min_speakers, max_speakers: expected a number of speakers between them, got {fewest} and {most}"
        )
    return fewest, most


def bridge_pauses(turns: Sequence[Turn], longest: float) -> list[Turn]:
    """Join neighbors of one speaker across pauses shorter than `longest` seconds.

    Examples
    --------
    >>> bridge_pauses([(0.0, 1.0, 0), (1.5, 2.0, 0), (2.1, 3.0, 1), (3.1, 4.0, 0)], 1.0)
    [(0.0, 2.0, 0), (2.1, 3.0, 1), (3.1, 4.0, 0)]
    """
    joined: list[Turn] = []
    for start, end, speaker in turns:
        if joined and joined[-1][2] == speaker and start - joined[-1][1] < longest:
            start = joined.pop()[0]
        joined.append((start, end, speaker))
    return joined


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
        self.distance = Uniform(0.0, 0.3)
        self.noise = Uniform(0.1, 1.5)
        self.switch_cost = Uniform(0.0, 0.6)
        self.longest_pause = Uniform(0.0, 2.0)

    def default_parameters(self) -> dict[str, float]:
        """Values that were chosen on meetings and composed scenes."""
        defaults = asdict(DiarizationSettings())
        return {
            name: defaults[name]
            for name in (
                "onset",
                "offset",
                "min_silence",
                "distance",
                "noise",
                "switch_cost",
                "longest_pause",
            )
        }

    def apply(
        self,
        file: Any,
        num_speakers: int | None = None,
        min_speakers: int | None = None,
        max_speakers: int | None = None,
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
            min_speakers=min_speakers,
            max_speakers=max_speakers,
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


def _interpolate(
    frames: NDArray[np.float64],
    frame_regions: NDArray[np.int64],
    centers: NDArray[np.float64],
    regions: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Scores of windows (num_windows,) at the times of frames (num_frames,), each region for itself."""
    far = 2 * max(frames[-1], centers[-1]) + 1
    inside = np.interp(frames + far * frame_regions, centers + far * regions, scores)
    return np.asarray(inside, np.float64)


def _turns(
    speech: Regions,
    frames: NDArray[np.float64],
    regions: NDArray[np.int64],
    states: NDArray[np.int64],
) -> list[Turn]:
    """Join neighbors of equal state within each region."""
    turns = []
    for number, (start, end) in enumerate(speech):
        own = slice(*np.searchsorted(regions, [number, number + 1]))
        times, spoken = frames[own], states[own]
        changes = np.flatnonzero(np.diff(spoken)) + 1
        borders = [start, *((times[changes - 1] + times[changes]) / 2), end]
        for first, (begin, stop) in zip([0, *changes], itertools.pairwise(borders), strict=True):
            turns.append((float(begin), float(stop), int(spoken[first])))
    return turns
