"""The pipeline, speaker diarization and active speaker detection in one: a video in, links of speakers to faces out."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.links.corrections import Corrections
from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.data.media.video import probe_video
from pins_plugin.errors import PinsError
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.inference.visual_voice_activity import VisualVoiceActivity
from pins_plugin.moved import renamed
from pins_plugin.pipelines.diarization.audio_file import as_mapping, file_path, file_uri, load_audio
from pins_plugin.pipelines.diarization.segmentation import segment
from pins_plugin.pipelines.diarization.segmentation_model import load_segmentation_model
from pins_plugin.pipelines.diarization.turns import clip_turns
from pins_plugin.pipelines.diarization.voices import (
    embed_audio,
    find_voice_scatter,
    load_voice_encoder,
    model_path,
)
from pins_plugin.pipelines.linking.counted import NO_BOUNDS, Bounds, choose_bounds, decode_within
from pins_plugin.pipelines.linking.crossing import part_tracks
from pins_plugin.pipelines.linking.gathering import gather
from pins_plugin.pipelines.linking.given_turns import find_turns
from pins_plugin.pipelines.linking.joint import JointEvidence
from pins_plugin.pipelines.linking.observation import Networks, Observation, TrackEmbeddings
from pins_plugin.pipelines.linking.parameters import (
    SHIPPED,
    TUNABLE,
    LinkingParameters,
    load_parameters,
)
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.pipelines.linking.read_out import (
    Run,
    find_given_runs,
    find_runs,
    make_links,
    pool_voices,
    speaker_turns,
)
from pins_plugin.pipelines.linking.result import LinkingResult
from pins_plugin.pipelines.linking.review import hold_steps, rename_people
from pins_plugin.pipelines.people.enrollment import KnownPerson, load_people
from pins_plugin.pipelines.people.face_recognizer import FaceRecognizer
from pins_plugin.pipelines.people.face_tracks import annotate_faces, find_faces
from pins_plugin.pipelines.people.naming import (
    Voices,
    average_people,
    find_appearances,
    find_names,
    find_namesakes,
)
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.pyannote_host.host import LearntPipeline, follow
from pins_plugin.pipelines.pyannote_host.pipeline_folder import EVIDENCE
from pins_plugin.plugins import find_plugins, load_plugin
from pins_plugin.tracking.crops import iter_crops
from pins_plugin.tracking.tracks import track_faces
from pins_plugin.types import FaceTrack
from pins_plugin.utils.memory import trim_heap
from pins_plugin.utils.threads import one_thread

DEFAULT_EVIDENCE = EVIDENCE  # all there are
FACES_PER_TRACK = (2, 8)  # least, most; chosen, not measured
MAX_FACES = 4000  # pictures that are embedded, of a whole film: bounds time; chosen, not measured
# Probability that lips can be read, below which the file's notes say so; chosen, not measured
UNREADABLE = 0.1
# Seconds on screen before anything is said of somebody's lips: by then lips that fit nowhere are given up, as measured
MIN_SPEECH = 3.0


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
        evidence: Sequence[str] = DEFAULT_EVIDENCE,
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
        self.networks = Networks(
            FaceRecognizer(model_path(recognition)),
            load_voice_encoder(models["voice"]),
            find_voice_scatter(models["voice"]),
            load_segmentation_model(),
            diarization,
            Synchronizer.from_hparams(models["sync"]) if "sync" in evidence else None,
            VisualVoiceActivity.from_hparams(models["activity"]) if "talking" in evidence else None,
            JointEvidence(model_path(model)) if model and "joint" in evidence else None,
            [load_plugin("evidence", name) for name in set(evidence) - set(EVIDENCE)],
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
    def recognizer(self) -> FaceRecognizer:
        """Tells which faces are one person's."""
        return self.networks.recognizer

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

    def loss(self, file: Mapping[str, Any], output: LinkingResult) -> float:
        """What `pyannote.pipeline.Optimizer` lowers: the diarization error rate of the people's labels.

        `file` is of a protocol, with `annotation` and, where not all of it counts, `annotated`.
        """
        from pyannote.metrics.diarization import DiarizationErrorRate

        rate = DiarizationErrorRate()(file["annotation"], output.people, uem=file.get("annotated"))
        return float(rate)

    @one_thread()
    def observe(
        self, file: Any, hook: Any = None, diarization: Any = None, keep_crops: bool = False
    ) -> Observation:
        """Hear and see all there is; parameters as in `apply`, and `keep_crops` as in `Networks.embed_tracks`.

        The audio first: what it needs is given back before the pictures come.
        """
        file = as_mapping(file)
        hook = self.setup_hook(file, hook)
        path, uri = file_path(file), file_uri(file)
        info = probe_video(path)
        waveform = load_audio(file)
        segmentation = note = None
        given = (diarization, self.networks.diarization, file.get("diarization"))
        turns = find_turns(given, file, waveform, self.networks.device)
        if turns is None:
            model = self.networks.segmentation
            segmentation = follow(hook, "segmentation", lambda: segment(waveform, model))
        else:
            turns.uri = uri
            turns, note = clip_turns(turns, max(info.duration, len(waveform) / SAMPLE_RATE))
        tracks = self.find_faces(path, hook)
        embeddings = follow(
            hook, "crops", lambda: self.embed_tracks(path, tracks, waveform, keep_crops)
        )
        tracks, embeddings = part_tracks(tracks, embeddings, self.recognizer.same_person)
        duration = max([info.duration, *(track.end for track in tracks)])
        notes = (note,) if note else ()
        return Observation(
            path, uri, duration, waveform, tracks, embeddings, segmentation, turns, notes
        )

    def find_faces(self, path: Path, hook: Any) -> list[FaceTrack]:
        """Follow the faces of a video; at least one."""
        device = self.networks.device
        return follow(hook, "faces", lambda: find_faces(path, self._track, device, self.quiet))

    def embed_tracks(
        self,
        path: Path,
        tracks: Sequence[FaceTrack],
        waveform: NDArray[np.float32],
        keep_crops: bool = False,
    ) -> TrackEmbeddings:
        """Look at each track of a video while it goes by; `keep_crops` as in `Networks.embed_tracks`."""
        crops = iter_crops(
            path,
            tracks,
            ("face", "lips"),
            max_frames=faces_per_track(len(tracks)),
            device=self.networks.device,
            quiet=self.quiet,
        )
        embeddings = self.networks.embed_tracks(crops, waveform, keep_crops)
        trim_heap()
        return embeddings

    look = renamed(embed_tracks, "look")

    def gather(self, seen: Observation) -> tuple[list[FaceTrack], Evidence]:
        """Say who is who by the face, and bring what is seen and heard onto one clock."""
        return gather(seen, self.networks, self.known)

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
        corrections = corrections or Corrections()
        hook = self.setup_hook({"uri": seen.uri}, hook)
        hook("links", None, total=1, completed=0)
        result = self._link(seen, corrections, limits)
        hook("links", result.links, total=1, completed=1)
        return result

    def _link(self, seen: Observation, corrections: Corrections, bounds: Bounds) -> LinkingResult:
        tracks, evidence = self.gather(seen)
        result, runs, voices = self._decide(seen, tracks, evidence, bounds)
        people = evidence.seeing.people
        given = [] if seen.turns is None else find_namesakes(seen.turns.labels())
        found = average_people(result.tracks, result.links, voices, seen.embeddings.faces, given)
        with self.cast.held() if self.cast is not None else nullcontext():
            names = find_names(found, self.known, self.cast, self.recognizer.same_person)
            if corrections.turns or corrections.names:
                held = hold_steps(runs, corrections.turns, people, names, corrections.names)
                speakers = result.speakers.labels()
                result, _, _ = self._decide(seen, tracks, replace(evidence, held=held), bounds)
                names = rename_people(names, corrections.names, [*people, *speakers])
            if self.cast is not None:
                self.cast.rename(corrections.names)
                self.cast.replace_video(seen.uri, find_appearances(found, names, seen.uri))
        return result.rename(names, {label: corrections.names.get(label, label) for label in given})

    def _decide(
        self, seen: Observation, tracks: list[FaceTrack], evidence: Evidence, bounds: Bounds
    ) -> tuple[LinkingResult, list[Run], Voices]:
        """Decode, and read out; labels are those of this video alone."""
        parameters = self.settings
        decoded = decode_within(parameters, evidence, bounds)
        if seen.turns is None:
            runs = find_runs(decoded.said, seen.duration)
            speakers = speaker_turns(runs, seen.uri)
        else:
            runs, speakers = find_given_runs(decoded, seen.turns), seen.turns
        links = make_links(runs, decoded, evidence, tracks, parameters)
        result = LinkingResult(
            video=str(seen.path),
            duration=seen.duration,
            speakers=speakers,
            faces=annotate_faces(tracks, seen.uri),
            tracks=tracks,
            links=links,
            offset=decoded.common_offset(),
            notes=[*self.recognizer.notes, *seen.notes],
            unreadable=decoded.unreadable(evidence.seeing, UNREADABLE, MIN_SPEECH),
        )
        return result, runs, pool_voices(runs, decoded, evidence)

    @one_thread()
    def embed_picture(self, path: Path) -> NDArray[np.float64]:
        """Embed the largest face of a picture."""
        return self.recognizer.embed_picture(path)

    @one_thread()
    def embed_audio(self, path: Path) -> NDArray[np.float64]:
        """Embed the speech of a sound file."""
        return embed_audio(path, self.networks.voice_encoder)

    embed_sound = renamed(embed_audio, "embed_sound")


def faces_per_track(num_tracks: int) -> int:
    """How many pictures of each track to look at: fewer where a long film has thousands of tracks.

    Examples
    --------
    >>> faces_per_track(20), faces_per_track(1000), faces_per_track(5000)
    (8, 4, 2)
    """
    return int(np.clip(MAX_FACES // max(1, num_tracks), *FACES_PER_TRACK))
