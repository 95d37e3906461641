"""The pipeline, speaker diarization and active speaker detection in one: a video in, links of speakers to faces out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.links.corrections import Corrections
from pins_plugin.errors import PinsError
from pins_plugin.moved import renamed
from pins_plugin.pipelines.diarization.audio_file import as_mapping, file_path
from pins_plugin.pipelines.diarization.voices import embed_audio, model_path
from pins_plugin.pipelines.linking.conclusion import conclude
from pins_plugin.pipelines.linking.counted import NO_BOUNDS, choose_bounds
from pins_plugin.pipelines.linking.networks import Networks
from pins_plugin.pipelines.linking.observation import Observation, observe
from pins_plugin.pipelines.linking.parameters import (
    SHIPPED,
    TUNABLE,
    LinkingParameters,
    load_parameters,
)
from pins_plugin.pipelines.linking.result import LinkingResult
from pins_plugin.pipelines.people.enrollment import KnownPerson, load_people
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.pyannote_host.host import LearntPipeline
from pins_plugin.pipelines.pyannote_host.pipeline_folder import EVIDENCE
from pins_plugin.plugins import find_plugins, load_plugin
from pins_plugin.tracking.tracks import track_faces
from pins_plugin.utils.threads import one_thread


class SpeakerFaceLinking(LearntPipeline):
    """Find out who speaks when in a video, and which face that is.

    Parameters
    ----------
    diarization : optional
        Who speaks when: an RTTM file, an Annotation, a pyannote pipeline, or the folder of one. Found with the faces
        when not given.
    evidence : sequence of str
        Which sources of evidence to use: "sync" (lips fit the sound), "talking" (a mouth talks, by sight), "voice",
        "presence" (who is on screen), "joint" (the voice sounds as the face looks, by `model`), and those that other
        packages add.
    model : str or Path, optional
        Model folder of a joint embedding of faces and voices; with None, "joint" says nothing.
    sync, activity, voice : str
        Model folders of the synchronizer, the visual voice activity and the voice encoder.
    recognition : str
        Model folder whose face branch tells which tracks show one person.
    people : str or Path, optional
        Folder of examples that name people; see `people.enrollment`.
    cast : Cast, optional
        Whoever was met in other videos; people keep their labels, and each linked video is added.
    parameters : str, Path or LinkingParameters, optional
        Folder with the `parameters.json` of these models; the shipped one when not given.
    quiet : bool
        No progress bars (hooks report nevertheless).
    tracker : str, optional
        Name of an installed plugin that follows faces in place of the built-in tracker.
    token, cache_dir : ignored
        pyannote hands them to every pipeline.

    Examples
    --------
    >>> pipeline = SpeakerFaceLinking()
    >>> result = pipeline("interview.mp4")  # doctest: +SKIP
    >>> result.links[0].person  # doctest: +SKIP
    'PERSON_01'
    """

    tunable = TUNABLE
    learnt_by = "recipes/ClipScenes/calibrate.py"

    def __init__(
        self,
        diarization: Any = None,
        evidence: Sequence[str] = EVIDENCE,
        sync: str | Mapping[str, Any] = "sync",
        recognition: str | Mapping[str, Any] = "face_recognition",
        people: str | Path | None = None,
        cast: Cast | None = None,
        parameters: str | Path | Mapping[str, Any] | LinkingParameters | None = None,
        model: str | Mapping[str, Any] | Path | None = "face_voice",
        quiet: bool = True,
        tracker: str | None = None,
        activity: str | Mapping[str, Any] = "visual_voice_activity",
        voice: str | Mapping[str, Any] = "voice_campplus",
        token: Any = None,
        cache_dir: Any = None,
    ) -> None:
        super().__init__()
        added = [plugin.name for plugin in find_plugins("evidence")]
        unknown = sorted(set(evidence) - {*EVIDENCE, *added})
        if unknown:
            raise PinsError(f"evidence: expected some of {', '.join(EVIDENCE)}, got {unknown[0]!r}")
        self.evidence = tuple(evidence)
        self._track = load_plugin("trackers", tracker) if tracker else track_faces
        self.quiet = quiet
        self._observed: dict[Path, Observation] = {}  # by an optimizer
        self.cast = cast
        models = {"voice": model_path(voice)}  # which also tell how many people speak
        if "sync" in evidence:
            models["sync"] = model_path(sync)
        if "talking" in evidence:
            models["activity"] = model_path(activity)
        self.networks = Networks.load(
            model_path(recognition),
            **models,
            joint=model_path(model) if model and "joint" in evidence else None,
            diarization=diarization,
            plugins=[load_plugin("evidence", name) for name in set(evidence) - set(EVIDENCE)],
        )
        if not isinstance(parameters, LinkingParameters):
            parameters = load_parameters(model_path(parameters or SHIPPED), models)
        self._learnt = parameters
        self.known: list[KnownPerson] = []  # people of whom there are examples
        if people:
            self.known = load_people(people, self.embed_picture, self.embed_audio)
        self.instantiate(self.default_parameters())

    def default_parameters(self) -> dict[str, float]:
        """Those that were learnt, of the parameters that may be tuned."""
        return {name: float(getattr(self._learnt, name)) for name in TUNABLE}

    @property
    def settings(self) -> LinkingParameters:
        """The instantiated parameters, beside those that are not tuned."""
        chosen: dict[str, Any] = self.chosen
        if "presence" not in self.evidence:
            chosen |= dict.fromkeys(("shown", "size", "crowd", "away", "hidden"), 0.0)
        if "voice" not in self.evidence:
            chosen["voice"] = 0.0
        return replace(self._learnt, **chosen)

    def to(self, device: torch.device) -> "SpeakerFaceLinking":
        """Move all networks to a device."""
        super().to(device)
        self.networks.to(device)
        return self

    def __call__(self, file: Any, **options: Any) -> Any:
        """Link one file, or an iterator over several; a path, or a mapping with `video` (or `audio`).

        Parameters
        ----------
        file : path, mapping, or list of those
            `video` of a mapping is seen; heard is its `waveform` (with `sample_rate`) or else its `audio`, where it
            has them, and otherwise the video; `channel` chooses one channel.
        **options
            `hook`, and `diarization` to override that of the constructor.
        """
        if isinstance(file, list):
            return super().__call__([as_mapping(each) for each in file], **options)
        return super().__call__(as_mapping(file), **options)

    def apply(
        self,
        file: Mapping[str, Any],
        hook: Any = None,
        diarization: Any = None,
        corrections: Corrections | None = None,
        **bounds: int | None,
    ) -> LinkingResult:
        """Link one file; `corrections` are what a reviewer said of an earlier result.

        `num_speakers`, `min_speakers` and `max_speakers` say how many people speak, where that is known.

        Raises
        ------
        MediaError
            When the file cannot be read, has no sound, or shows no face.
        """
        choose_bounds(**bounds)  # before the work
        path = file_path(file)
        kept = self._observed.get(path) if self.training else None
        seen = kept or self.observe(file, hook, diarization)
        if self.training:  # an optimizer changes nothing but how to link: what is seen stays
            self._observed[path] = seen
        return self.link(seen, hook=hook, corrections=corrections, **bounds)

    def get_metric(self) -> Any:
        """The error that `pyannote.pipeline.Optimizer` lowers."""
        from pins_plugin.pipelines.linking.people_error_rate import PeopleErrorRate

        return PeopleErrorRate()

    @one_thread()
    def observe(
        self, file: Any, hook: Any = None, diarization: Any = None, keep_crops: bool = False
    ) -> Observation:
        """Hear and see all there is; parameters as in `apply`, and `keep_crops` as in `Networks.embed_tracks`."""
        file = as_mapping(file)
        hook = self.setup_hook(file, hook)
        return observe(file, self.networks, self._track, hook, diarization, keep_crops, self.quiet)

    @one_thread()
    def link(
        self,
        seen: Observation,
        hook: Any = None,
        corrections: Corrections | None = None,
        **bounds: int | None,
    ) -> LinkingResult:
        """Decide who speaks when, and which face that is; `bounds` as in `apply`.

        `corrections` are turns that are settled, which bears on all others, and names; labels as in an earlier result.
        """
        limits = choose_bounds(**bounds)
        if seen.turns is not None and limits != NO_BOUNDS:
            raise PinsError(
                "num_speakers: turns are given, which say how many speak; leave out one"
            )
        hook = self.setup_hook({"uri": seen.uri}, hook)
        hook("links", None, total=1, completed=0)
        result = conclude(
            seen,
            self.networks,
            self.settings,
            limits,
            corrections or Corrections(),
            self.known,
            self.cast,
        )
        hook("links", result.links, total=1, completed=1)
        return result

    @one_thread()
    def embed_picture(self, path: Path) -> NDArray[np.float64]:
        """Embed the largest face of a picture."""
        return self.networks.recognizer.embed_picture(path)

    @one_thread()
    def embed_audio(self, path: Path) -> NDArray[np.float64]:
        """Embed the speech of a sound file."""
        return embed_audio(path, self.networks.voice_encoder)

    embed_sound = renamed(embed_audio, "embed_sound")
