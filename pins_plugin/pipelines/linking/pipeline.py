"""The pipeline: a video in, links of speakers to faces out."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment

from pins_plugin.data.audio import SAMPLE_RATE
from pins_plugin.data.corrections import Corrections
from pins_plugin.data.video import probe_video
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.pipelines.diarization.audio_file import file_path, file_uri, load_sound
from pins_plugin.pipelines.diarization.diarizer import Diarizer
from pins_plugin.pipelines.diarization.turns import clip_turns
from pins_plugin.pipelines.diarization.voices import embed_sound, model_path
from pins_plugin.pipelines.linking.assignment import Decision, LinkingSettings, decide
from pins_plugin.pipelines.linking.evidence import (
    Calibration,
)
from pins_plugin.pipelines.linking.joint import JointEvidence
from pins_plugin.pipelines.linking.observation import Looks, Observation
from pins_plugin.pipelines.linking.pieces import track_span
from pins_plugin.pipelines.linking.result import LinkingResult, make_links
from pins_plugin.pipelines.linking.review import fix_pieces, rename_people
from pins_plugin.pipelines.linking.weighing import Weighed, Weigher, load_synchronizer
from pins_plugin.pipelines.people.enrollment import KnownPerson, load_people
from pins_plugin.pipelines.people.grouping import (
    rivalry_weight,
)
from pins_plugin.pipelines.people.naming import (
    find_appearances,
    find_names,
    find_namesakes,
    portray,
)
from pins_plugin.pipelines.people.recognition import FaceRecognizer
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.pyannote_host.host import Pipeline
from pins_plugin.pipelines.pyannote_host.pipeline_folder import EVIDENCE
from pins_plugin.plugins import find_plugins, load_plugin
from pins_plugin.tracking.crops import iter_crops
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.types import FaceTrack

if TYPE_CHECKING:
    from pins_plugin.pipelines.linking.baselines import Baseline

DEFAULT_EVIDENCE = ("sync", "presence", "joint")  # motion adds nothing to synchrony
FACES_PER_TRACK = (2, 8)  # least, most
MOST_FACES = 4000  # pictures that are embedded, of a whole film


class SpeakerFaceLinking(Pipeline):  # type: ignore[misc]
    """Find out which face speaks each turn of a video.

    Parameters
    ----------
    diarization : optional
        Who speaks when: an RTTM file, an Annotation, a pyannote pipeline, or the folder of one.
        The built-in diarization when not given.
    evidence : sequence of str
        Which sources of evidence to use: "sync" (lips and sound fit), "motion" (the mouth opens when the
        sound is loud), "presence" (a face is on screen when a voice is heard), "joint" (the voice sounds as
        the face looks, by `model`).
    model : str or Path, optional
        Model folder of a joint embedding of faces and voices; without one, "joint" says nothing.
    sync : str, optional
        Model folder of the synchronizer.
    recognition : str
        Model folder whose face branch tells which tracks show one person.
    people : str or Path, optional
        Folder of examples that name people; see `names`.
    cast : Cast, optional
        Whoever was met in other videos; people keep their labels, and each linked video is added.
    calibration : str or Path, optional
        File of weights; those that come with the package when not given.
    refine : bool
        Let cuts and lips improve on the turns of the built-in diarization; see `refinement`.
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

    def __init__(
        self,
        diarization: Any = None,
        evidence: Sequence[str] = DEFAULT_EVIDENCE,
        sync: str | Mapping[str, Any] = "sync",
        recognition: str | Mapping[str, Any] = "face_recognition",
        people: str | Path | None = None,
        cast: Cast | None = None,
        calibration: str | Path | None = None,
        refine: bool = True,
        model: str | Path | None = None,
        quiet: bool = True,
        tracker: str | None = None,
        token: Any = None,
        cache_dir: Any = None,
    ) -> None:
        from pyannote.pipeline.parameter import Uniform

        super().__init__()
        added = [plugin.name for plugin in find_plugins("evidence")]
        unknown = sorted(set(evidence) - {*EVIDENCE, *added})
        if unknown:
            raise PinsError(f"evidence: expected some of {', '.join(EVIDENCE)}, got {unknown[0]!r}")
        self.evidence = tuple(evidence)
        self._track = load_plugin("trackers", tracker) if tracker else track_faces
        self.quiet, self.refine = quiet, refine
        self._observed: dict[Path, Observation] = {}  # by an optimizer
        self.device = torch.device("cpu")
        self.cast = cast
        self.diarizer = Diarizer(diarization)
        self.weigher = Weigher(
            self.evidence,
            FaceRecognizer(model_path(recognition)),
            load_synchronizer(model_path(sync)) if "sync" in evidence else None,
            JointEvidence(model) if model and "joint" in evidence else None,
            Calibration.load(*[calibration] if calibration else []),
            [load_plugin("evidence", name) for name in set(evidence) - set(EVIDENCE)],
        )
        if people:
            self.weigher.known = load_people(people, self.embed_picture, self.embed_sound)
        self.off_screen = Uniform(0.01, 0.6)
        self.wrong_speaker = Uniform(0.01, 0.5)
        self.rivalry = Uniform(0.0, 1.0)
        self.file_weight = Uniform(0.0, 1.0)
        self.presence_weight = Uniform(0.0, 1.0)
        self.uncertain = Uniform(0.0, 1.0)
        self.instantiate(self.default_parameters())

    def default_parameters(self) -> dict[str, float]:
        """Values that were chosen on composed scenes."""
        return asdict(LinkingSettings())

    @property
    def recognizer(self) -> FaceRecognizer:
        """Tells which faces are one person's."""
        return self.weigher.recognizer

    @property
    def known(self) -> list[KnownPerson]:
        """People of whom there are examples."""
        return list(self.weigher.known)

    @property
    def settings(self) -> LinkingSettings:
        """The instantiated parameters."""
        values = {name: float(getattr(self, name)) for name in asdict(LinkingSettings())}
        if "presence" not in self.evidence:
            values["presence_weight"] = 0.0
        return LinkingSettings(**values)

    def to(self, device: torch.device) -> "SpeakerFaceLinking":
        """Move all networks to a device."""
        super().to(device)
        self.device = device
        self.weigher.to(device)
        self.diarizer.to(device)
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
            return super().__call__([_as_mapping(each) for each in file], **options)
        return super().__call__(_as_mapping(file), **options)

    def apply(
        self,
        file: Mapping[str, Any],
        hook: Any = None,
        diarization: Any = None,
        corrections: Corrections | None = None,
    ) -> LinkingResult:
        """Link one file; `corrections` are what a reviewer said of an earlier result.

        Raises
        ------
        MediaError
            When the file cannot be read, has no sound, or shows no face.
        """
        if not self.training:
            seen = self.observe(file, hook, diarization)
            return self.link(seen, hook=hook, corrections=corrections)
        path = file_path(file)  # an optimizer changes nothing but how to link: what is seen stays
        if path not in self._observed:
            self._observed[path] = self.observe(file, hook, diarization)
        return self.link(self._observed[path], hook=hook, corrections=corrections)

    def loss(self, file: Mapping[str, Any], output: LinkingResult) -> float:
        """What `pyannote.pipeline.Optimizer` lowers: the diarization error rate of the people's labels.

        Parameters
        ----------
        file : mapping
            Of a protocol, with `annotation` and, where not all of it counts, `annotated`.
        output : LinkingResult
        """
        from pyannote.metrics.diarization import DiarizationErrorRate

        rate = DiarizationErrorRate()(file["annotation"], output.people, uem=file.get("annotated"))
        return float(rate)

    def observe(
        self, file: Any, hook: Any = None, diarization: Any = None, keep_crops: bool = False
    ) -> Observation:
        """Find turns and faces; parameters as in `apply`, and `keep_crops` as in `Weigher.look`.

        Turns first: what their clustering needs is given back before the pictures come.
        """
        file = _as_mapping(file)
        hook = self.setup_hook(file, hook)
        path = file_path(file)
        info = probe_video(path)
        waveform = load_sound(file)
        turns = self.diarizer.find_turns(file, waveform, diarization, self.weigher.known)
        turns.uri = file_uri(file)
        turns, note = clip_turns(turns, max(info.duration, len(waveform) / SAMPLE_RATE))
        from_sound = self.diarizer.choose(file, diarization) is None
        tracks = self.find_faces(path, hook)
        hook("crops", None, total=1, completed=0)
        looks = self.look(path, tracks, waveform, keep_crops)
        hook("crops", looks, total=1, completed=1)
        duration = max([info.duration, *(track.end for track in tracks)])
        notes = (note,) if note else ()
        return Observation(
            path, turns.uri, duration, waveform, tracks, looks, turns, from_sound, notes
        )

    def look(
        self,
        path: Path,
        tracks: Sequence[FaceTrack],
        waveform: NDArray[np.float32],
        keep_crops: bool = False,
    ) -> Looks:
        """Look at each track of a video while it goes by; `keep_crops` as in `Weigher.look`."""
        max_frames = faces_per_track(len(tracks))
        crops = iter_crops(
            path,
            tracks,
            ("face", "lips"),
            max_frames=max_frames,
            device=self.device,
            quiet=self.quiet,
        )
        return self.weigher.look(crops, waveform, keep_crops)

    def link(
        self,
        seen: Observation,
        choose: "Baseline | None" = None,
        hook: Any = None,
        corrections: Corrections | None = None,
    ) -> LinkingResult:
        """Decide which face speaks each turn.

        Parameters
        ----------
        seen : Observation
        choose : callable, optional
            Decides instead of the evidence; see `baselines`.
        hook : callable, optional
        corrections : Corrections, optional
            Turns that are settled, which bears on all others, and names; labels as in an earlier result.
        """
        hook = self.setup_hook({"uri": seen.uri}, hook)
        hook("links", None, total=1, completed=0)
        voice_encoder, recognizer = self.diarizer.voice_encoder, self.recognizer
        weighed = self.weigher.weigh(seen, voice_encoder)
        if self.refine and seen.from_sound and choose is None:
            decisions = self._decide_pieces(weighed)
            turns = self.weigher.refine(seen, weighed, decisions, voice_encoder)
            seen = replace(seen, turns=turns)
            weighed = self.weigher.weigh(seen, voice_encoder)
        result = self.decide(seen, weighed, choose)
        names: dict[str, str] = {}
        portraits = None
        people = list(dict.fromkeys(weighed.people.values()))
        given = [] if seen.from_sound else find_namesakes(seen.turns.labels())
        if self.known or self.cast is not None:
            portraits = portray(result, seen.waveform, seen.looks.faces, voice_encoder, given)
        with self.cast.held() if self.cast is not None else nullcontext():
            if portraits is not None:
                names = find_names(portraits, self.known, self.cast, recognizer.same_person)
            if corrections is not None:
                fixed = fix_pieces(
                    weighed.pieces, corrections.turns, people, names, corrections.names
                )
                result = self.decide(seen, weighed, choose, fixed)
                names = rename_people(names, corrections.names, [*people, *seen.turns.labels()])
            if self.cast is not None and portraits is not None:
                self.cast.rename(corrections.names if corrections else {})
                self.cast.replace_video(seen.uri, find_appearances(portraits, names, seen.uri))
        hook("links", result.links, total=1, completed=1)
        changes = corrections.names if corrections else {}
        return result.rename(names, {label: changes.get(label, label) for label in given})

    def decide(
        self,
        seen: Observation,
        weighed: Weighed,
        choose: "Baseline | None" = None,
        fixed: Mapping[int, frozenset[str]] | None = None,
    ) -> LinkingResult:
        """Say who speaks in each piece; labels are those of this video alone."""
        pieces, tracks = weighed.pieces, weighed.tracks
        decisions = (
            choose(seen, pieces) if choose is not None else self._decide_pieces(weighed, fixed)
        )
        return LinkingResult(
            video=str(seen.path),
            duration=seen.duration,
            speakers=seen.turns,
            faces=annotate_faces(tracks, seen.uri),
            tracks=tracks,
            links=make_links(decisions, tracks, self.settings.uncertain),
            notes=[*self.recognizer.notes, *seen.notes],
        )

    def _decide_pieces(
        self, weighed: Weighed, fixed: Mapping[int, frozenset[str]] | None = None
    ) -> list[Decision]:
        voices = weighed.voices
        return decide(
            weighed.pieces,
            weighed.ratios,
            weighed.people,
            self.settings,
            {"names": weighed.named, "joint": weighed.joint},
            rivalry_of=lambda first, second: rivalry_weight(voices.get((first, second), 0.0)),
            fixed=fixed,
        )

    def weigh(self, seen: Observation) -> Weighed:
        """Say who is who among the tracks, and how well each fits the sound of each piece."""
        return self.weigher.weigh(seen, self.diarizer.voice_encoder)

    def embed_picture(self, path: Path) -> NDArray[np.float64]:
        """Embed the largest face of a picture."""
        return self.recognizer.embed_picture(path)

    def embed_sound(self, path: Path) -> NDArray[np.float64]:
        """Embed the speech of a sound file."""
        return embed_sound(path, self.diarizer.voice_encoder)

    def find_faces(self, path: Path, hook: Any) -> list[FaceTrack]:
        """Follow the faces of a video; at least one."""
        hook("faces", None, total=1, completed=0)
        tracks = self._track(path, TrackerSettings(device=str(self.device)), quiet=self.quiet)
        hook("faces", tracks, total=1, completed=1)
        if not tracks:
            raise MediaError(
                f"{path}: shows no face for long enough to follow it; expected a video of people "
                "(`pins diarize` says who speaks when, without faces)"
            )
        return tracks


def faces_per_track(num_tracks: int) -> int:
    """How many pictures of each track to look at: fewer where a long film has thousands of tracks.

    Examples
    --------
    >>> faces_per_track(20), faces_per_track(1000), faces_per_track(5000)
    (8, 4, 2)
    """
    least, most = FACES_PER_TRACK
    return max(least, min(most, MOST_FACES // max(1, num_tracks)))


def annotate_faces(tracks: Sequence[FaceTrack], uri: str) -> Annotation:
    """When each person is on screen."""
    faces = Annotation(uri=uri)
    for track in tracks:
        faces[Segment(*track_span(track)), track.track] = track.person or track.track
    return faces


def _as_mapping(file: Any) -> Any:
    """Let pyannote see a path under `audio`, which it does not open here."""
    if isinstance(file, str | Path):
        file = {"video": str(file)}
    if isinstance(file, Mapping):
        path = file_path(file)
        if not path.is_file():
            what = "expected a video, got a folder" if path.is_dir() else "no such file"
            raise MediaError(f"{path}: {what}; check the path")
        given = {key: value for key, value in file.items() if value is not None}
        return {"audio": str(path), "video": str(path), "uri": file_uri(file), **given}
    return file
