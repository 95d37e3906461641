"""From a video file to the offset between its picture and its sound: of the whole file, part by part, or of some stretches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import theilslopes

from pins_plugin.data.media.audio import load_audio
from pins_plugin.inference.synchronizer import MAX_OFFSET, SyncFeatures, Synchronizer, SyncResult
from pins_plugin.pipelines.people.face_recognizer import FaceRecognizer
from pins_plugin.tracking.boxes import box_overlaps
from pins_plugin.tracking.crops import Crops, extract_crops
from pins_plugin.tracking.tracked_people import embed_tracks, group_people
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.types import FaceTrack

DRIFT_WINDOW = 15.0  # seconds; chosen, not measured
DRIFT_WINDOWS = 3  # that must be sure before a drift is told; chosen, not measured
DRIFT_SPAN = 30.0  # seconds from the first to the last of them; chosen, not measured
ANSWERS = ("in sync", "shifted")
CLIP_OFFSET = 25  # frames, one second, as `pins sync` looks at, of stretches by themselves
# Intersection over union, of a face with the one that is looked for; chosen, not measured
MIN_OVERLAP = 0.3


@dataclass(frozen=True)
class Drift:
    """How the offset changes over a file."""

    milliseconds_per_minute: float  # by how much later the sound comes with each minute
    # Stretches that gave an answer, from and to in seconds
    windows: tuple[tuple[float, float, SyncResult], ...]


@dataclass(frozen=True)
class VideoSync:
    """The offset of a video, as a whole and part by part."""

    result: SyncResult  # for the whole file
    per_shot: dict[int, SyncResult] = field(default_factory=dict)  # what the faces of each shot say
    per_person: dict[str, SyncResult] = field(default_factory=dict)  # where faces were grouped
    drift: Drift | None = None  # None where too few stretches, or too short a time, gave an answer


def synchronize_video(
    video: str | Path,
    synchronizer: Synchronizer,
    *,
    max_offset: int = MAX_OFFSET,
    quiet: bool = False,
    with_people: bool = False,
) -> VideoSync:
    """Find how late the sound of a video comes; "cannot tell" where no face speaks.

    `max_offset` is the largest looked for, in frames of 1/25 s. `with_people` tells by the faces which tracks show one
    person, for results of each.

    Raises
    ------
    MediaError
        When the file is missing, unreadable, or has no picture or no sound.
    """
    waveform = load_audio(video)
    device = str(synchronizer.device)
    tracks = track_faces(video, TrackerSettings(device=device), quiet=quiet)
    if with_people and tracks:
        recognizer = FaceRecognizer().to(torch.device(device))
        embeddings = embed_tracks(video, tracks, recognizer.embed, quiet=quiet)
        tracks = group_people(tracks, embeddings, recognizer.same_person)
    crops = extract_crops(video, tracks, ["lips"], device=device, quiet=quiet)
    return synchronize_faces(crops, waveform, synchronizer, max_offset, tracks)


def synchronize_faces(
    crops: Mapping[str, Crops],
    waveform: NDArray[np.float32],
    synchronizer: Synchronizer,
    max_offset: int = MAX_OFFSET,
    tracks: Sequence[FaceTrack] = (),
) -> VideoSync:
    """Find the common offset of all faces of one recording.

    The evidence of all faces and shots is summed; silent faces and listeners take nothing away from it
    (see `inference.offset_posterior`).

    Parameters
    ----------
    crops : mapping of str to Crops
        Of each face track, with lips.
    waveform : (num_samples,) array
        16 kHz, from time zero of the media clock.
    tracks : sequence of FaceTrack, optional
        Of the crops: they tell shots and people.
    """
    features = {
        name: synchronizer.features(
            crop.lips, crop.times, waveform, max_offset=max_offset, moving=True
        )
        for name, crop in crops.items()
    }
    similarities = {name: each.similarities for name, each in features.items()}
    shots: dict[int, list[NDArray]] = {}
    people: dict[str, list[NDArray]] = {}
    for track in tracks:
        if track.track in similarities:
            shots.setdefault(track.shot, []).append(similarities[track.track])
            if track.person is not None:
                people.setdefault(track.person, []).append(similarities[track.track])
    return VideoSync(
        synchronizer.offset_of_file(list(similarities.values())),
        {shot: synchronizer.offset_of_file(each) for shot, each in sorted(shots.items())},
        {person: synchronizer.offset_of_file(each) for person, each in people.items()},
        measure_drift(list(features.values()), synchronizer),
    )


def measure_drift(features: Sequence[SyncFeatures], synchronizer: Synchronizer) -> Drift | None:
    """Find whether the offset changes over a file, by the features of all faces; None where too few stretches tell."""
    spans = [each.times for each in features if len(each.times)]
    if not spans or max(times[-1] for times in spans) < DRIFT_SPAN:
        return None
    windows = []
    for start in np.arange(0.0, max(times[-1] for times in spans), DRIFT_WINDOW):
        inside = [
            each.similarities[(each.times >= start) & (each.times < start + DRIFT_WINDOW)]
            for each in features
        ]
        found = synchronizer.offset_of_file([each for each in inside if len(each)])
        if found.decision in ANSWERS:
            windows.append((float(start), float(start + DRIFT_WINDOW), found))
    middles = np.array([(start + end) / 2 for start, end, _ in windows])
    if len(windows) < DRIFT_WINDOWS or middles[-1] - middles[0] < DRIFT_SPAN:
        return None
    offsets = np.array([found.offset_seconds for *_, found in windows])
    slope, *_ = theilslopes(offsets, middles)  # the median of all pairs: no wrong answer moves it
    return Drift(round(float(slope) * 60_000, 1), tuple(windows))


class FaceSpan(NamedTuple):
    """A stretch of one face: seconds, and its box (4,) in the middle of it, in pixels of the original picture."""

    start: float
    end: float
    box: NDArray[np.float64]


def measure_stretches(
    video: str | Path, spans: Sequence[FaceSpan], quiet: bool = True
) -> list[SyncResult]:
    """Measure each stretch by itself, with the synchronizer that ships.

    Faces are followed again, because a linked result keeps no landmarks; "cannot tell" where one is not found again.
    """
    if not spans:
        return []
    synchronizer = Synchronizer.from_hparams("sync")
    waveform = load_audio(video)
    tracks = track_faces(video, quiet=quiet)
    parts = []
    for number, span in enumerate(spans):
        track = find_face(tracks, span)
        if track is not None:
            inside = (track.times >= span.start) & (track.times < span.end)
            parts.append(replace(track.cut(inside, str(number)), person=str(number)))
    crops = extract_crops(video, parts, ["lips"], quiet=quiet)
    found = synchronize_faces(crops, waveform, synchronizer, CLIP_OFFSET, parts).per_person
    nothing = SyncResult(0.0, 0, 0.0, "cannot tell")
    return [found.get(str(number), nothing) for number in range(len(spans))]


def find_face(tracks: Sequence[FaceTrack], span: FaceSpan) -> FaceTrack | None:
    """The track that covers a face best in the middle of a stretch, or None."""
    middle = (span.start + span.end) / 2
    shown = [track for track in tracks if track.start <= middle <= track.end]
    if not shown:
        return None
    boxes = np.stack([each.boxes[np.abs(each.times - middle).argmin()] for each in shown])
    overlaps = box_overlaps(boxes, span.box[None].astype(np.float32))[:, 0]
    return shown[overlaps.argmax()] if overlaps.max() > MIN_OVERLAP else None
