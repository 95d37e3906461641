"""The built-in diarization: who speaks when, by sound alone, without any download. Overlap is told.

The same decoder that links voices to faces, in a file that shows none: everybody is a voice. `diarize` is the function,
`BuiltinDiarization` the pyannote pipeline.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.errors import PinsError
from pins_plugin.pipelines.diarization.audio_file import file_uri, load_audio
from pins_plugin.pipelines.diarization.segmentation import Segmentation, segment
from pins_plugin.pipelines.diarization.segmentation_model import load_segmentation_model
from pins_plugin.pipelines.diarization.voice_model import VoiceScatter
from pins_plugin.pipelines.diarization.voices import (
    DEFAULT_VOICE,
    embed_stretches,
    find_voice_scatter,
    load_voice_encoder,
    model_path,
)
from pins_plugin.pipelines.linking.borders import place_borders
from pins_plugin.pipelines.linking.counted import choose_bounds, decode_within
from pins_plugin.pipelines.linking.hearing import STEP, hear
from pins_plugin.pipelines.linking.parameters import (
    AUDIO_TUNABLE,
    DiarizationSettings,
    load_diarization,
)
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.pipelines.linking.read_out import find_runs, speaker_turns
from pins_plugin.pipelines.linking.seeing import see
from pins_plugin.pipelines.pyannote_host.host import LearntPipeline, follow
from pins_plugin.utils.threads import one_thread

# Seconds between windows of the segmentation; 2.5 was worse, 0.625 no better (recipes/Diarization)
WINDOW_STEP = 1.25


@one_thread()
def diarize(
    waveform: NDArray[np.float32],
    voice_encoder: torch.nn.Module | None = None,
    scatter: VoiceScatter | None = None,
    settings: DiarizationSettings | None = None,
    *,
    segmentation: Segmentation | None = None,
    num_speakers: int | None = None,
    min_speakers: int | None = None,
    max_speakers: int | None = None,
    uri: str | None = None,
) -> Annotation:
    """Say who speaks when.

    Parameters
    ----------
    waveform : (num_samples,) float32 array
        At 16 kHz.
    voice_encoder : nn.Module, optional
        Maps (batch, num_samples) waveforms to (batch, embedding_dim) embeddings of unit length.
    scatter : VoiceScatter, optional
        How much its embeddings differ; needed with an encoder other than the shipped one.
    settings : DiarizationSettings, optional
        Those that were learnt when not given.
    segmentation : Segmentation, optional
        How many speak when; found when not given.
    num_speakers, min_speakers, max_speakers : int, optional
        Where their number, or a bound of it, is known.
    uri : str, optional
        Name of the file.

    Returns
    -------
    turns : Annotation
        Labels are SPEAKER_00, SPEAKER_01, ... in order of appearance; turns may overlap.

    Raises
    ------
    PinsError
        When no number of speakers is within the bounds, or an encoder comes without its scatter.
    """
    bounds = choose_bounds(num_speakers, min_speakers, max_speakers)
    if voice_encoder is not None and scatter is None:
        raise PinsError(
            "scatter: expected how much the embeddings of this voice encoder differ, got None; learn it by "
            "recipes/Diarization/learn_scatter.py and load it by load_voice_scatter"
        )
    base, learnt = load_diarization()
    settings = settings or learnt
    segmentation = segmentation or segment(waveform, step=WINDOW_STEP)
    evidence = listen(
        waveform,
        segmentation,
        voice_encoder or load_voice_encoder(),
        scatter or find_voice_scatter(),
    )
    said = decode_within(settings.apply_to(base), evidence, bounds).said
    duration = len(waveform) / SAMPLE_RATE
    return read_turns(said, segmentation, duration, settings.longest_pause, uri)


def listen(
    waveform: NDArray[np.float32],
    segmentation: Segmentation,
    voice_encoder: torch.nn.Module,
    scatter: VoiceScatter,
) -> Evidence:
    """Bring what is heard into the decoder's form; nothing is seen."""
    seeing = see([], {}, {}, len(waveform) / SAMPLE_RATE)
    embed = partial(embed_stretches, waveform, voice_encoder=voice_encoder)
    hearing = hear(segmentation, seeing.cuts, embed)
    return Evidence(hearing, seeing, scatter)


def read_turns(
    said: NDArray[np.bool_],
    segmentation: Segmentation,
    duration: float,
    longest_pause: float,
    uri: str | None = None,
) -> Annotation:
    """Turns of who speaks, `said` (num_steps, num_people), without pauses shorter than `longest_pause` seconds.

    They begin and end with the frames of the segmentation (`place_borders`).
    """
    pause = max(0, int(np.ceil(longest_pause / STEP - 1e-9)) - 1)
    times = np.minimum(place_borders(said, segmentation), duration)
    runs = [
        replace(run, start=float(times[run.first]), end=float(times[run.last]))
        for run in find_runs(said, duration, pause)
    ]
    return speaker_turns(runs, uri)


class BuiltinDiarization(LearntPipeline):
    """The built-in diarization as a pyannote pipeline.

    Parameters
    ----------
    voice : str
        Model folder (or name of a model that comes with the package) whose voice branch is used. Another one than the
        shipped needs its scatter: `recipes/Diarization/learn_scatter.py`.
    token, cache_dir : ignored
        pyannote hands them to every pipeline.
    """

    tunable = AUDIO_TUNABLE
    learnt_by = "recipes/Diarization/learn_settings.py"

    def __init__(
        self,
        voice: str | Mapping[str, Any] = DEFAULT_VOICE,
        token: Any = None,
        cache_dir: Any = None,
    ) -> None:
        super().__init__()
        self._scatter = find_voice_scatter(model_path(voice))
        self.voice_encoder = load_voice_encoder(model_path(voice))
        self.segmentation_model = load_segmentation_model()

    def default_parameters(self) -> dict[str, float]:
        """Those that were learnt."""
        return asdict(load_diarization()[1])

    def apply(self, file: Any, hook: Any = None, **bounds: int | None) -> Annotation:
        """Diarize a file: a path, or a mapping with `waveform` and `sample_rate`, or with `audio`.

        `bounds` (`num_speakers`, `min_speakers`, `max_speakers`) are as in `diarize`.
        """
        hook = self.setup_hook(file, hook)
        waveform, model = load_audio(file), self.segmentation_model
        with one_thread():
            found = follow(hook, "segmentation", lambda: segment(waveform, model, WINDOW_STEP))
        parts = self.voice_encoder, self._scatter, self.settings
        options: Any = {"segmentation": found, "uri": file_uri(file)} | bounds
        return follow(hook, "diarization", lambda: diarize(waveform, *parts, **options))

    @property
    def settings(self) -> DiarizationSettings:
        """The instantiated parameters."""
        return DiarizationSettings(**self.chosen)

    def get_metric(self) -> Any:
        """The error that `pyannote.pipeline.Optimizer` lowers."""
        from pyannote.metrics.diarization import DiarizationErrorRate

        return DiarizationErrorRate(collar=0.0, skip_overlap=False)
