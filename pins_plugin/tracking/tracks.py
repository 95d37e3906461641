"""From a video file to face tracks and the crops of their faces, in one pass and constant memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.data.media.video import iter_in_two_sizes, probe_video
from pins_plugin.errors import PinsError
from pins_plugin.tracking.boxes import box_areas
from pins_plugin.tracking.crops import Crops
from pins_plugin.tracking.detector import FaceDetector
from pins_plugin.tracking.follow import FaceFollower, RawTrack
from pins_plugin.tracking.fragments import Sighting, confirm, join_fragments, number_shots
from pins_plugin.tracking.live_crops import LiveCrops
from pins_plugin.tracking.quality import measure_frontality
from pins_plugin.tracking.shots import iter_chunks
from pins_plugin.types import FaceTrack
from pins_plugin.utils.prefetch import prefetch
from pins_plugin.utils.progress import progress

FASTEST = 60.0  # Hz; some files of variable frame rate claim 1000
CHUNK_FRAMES = 32  # pictures in memory at once, about; chosen, not measured
AHEAD = 8  # whole pictures that are decoded before they are asked for; chosen, not measured


@dataclass(frozen=True)
class TrackerSettings:
    """How faces are looked for.

    Parameters
    ----------
    detect_every : float
        Seconds from one full detection to the next.
    picture_side : int
        Pictures are shrunk until their shorter side has at most this many pixels.
    min_face_height : float
        Smallest face, as a part of the picture's shorter side (never below 20 pixels after shrinking).
    start_probability, keep_probability : float
        Least probability of a face to start a track (and of a whole track, its median), and to count as
        seen in one.
    max_gap : float
        For how many seconds a face may be hidden and still be the same track.
    min_duration : float
        Shorter tracks are dropped, in seconds.
    shot_threshold : float
        See `tracking.shots.iter_chunks`.
    smoothing : int
        Frames over which boxes and landmarks are smoothed; odd, 1 for none.
    device : str
        Where the networks run: "cpu", "cuda".
    """

    detect_every: float = 0.3  # chosen, not measured
    picture_side: int = 400  # chosen, not measured
    min_face_height: float = 0.05  # 20 pixels of `picture_side`, `FaceDetector`'s least face
    start_probability: float = 0.9  # chosen, not measured
    keep_probability: float = 0.7  # the detector's own last threshold
    max_gap: float = 1.0  # chosen, not measured
    min_duration: float = 0.2  # chosen, not measured
    shot_threshold: float = 3.5  # PySceneDetect's default is 3; chosen, not measured
    smoothing: int = 5  # chosen, not measured
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name in ("detect_every", "picture_side", "min_face_height"):
            if getattr(self, name) <= 0:
                raise PinsError(f"{name}: expected more than 0, got {getattr(self, name)}")


def track_faces(
    video: str | Path, settings: TrackerSettings | None = None, *, quiet: bool = False
) -> list[FaceTrack]:
    """Follow every face of a video.

    Parameters
    ----------
    quiet : bool
        No progress bar.

    Returns
    -------
    tracks : list of FaceTrack
        In order of their start; empty when the video shows no face. Boxes and landmarks are in pixels of
        the picture as it is shown (upright, square pixels), one row per picture from the face's first to its last.

    Raises
    ------
    MediaError
        When the file is missing or unreadable, or holds no video.
    """
    shots = _iter_shots(video, settings or TrackerSettings(), quiet)
    return [track for shot in shots for _, track in shot]


def track_and_crop(
    video: str | Path,
    kinds: Sequence[str] = ("face", "lips"),
    settings: TrackerSettings | None = None,
    *,
    max_frames: int | None = None,
    quiet: bool = False,
) -> Iterator[tuple[FaceTrack, Crops]]:
    """Follow every face of a video, and cut its crops in the same pass: equal to `track_faces` and then `extract_crops`.

    Parameters
    ----------
    video, settings, quiet
        As in `track_faces`.
    kinds, max_frames
        As in `crops.iter_crops`.

    Yields
    ------
    track : FaceTrack
        In order of their start, when the shot has ended.
    crops : Crops
    """
    settings = settings or TrackerSettings()
    live = LiveCrops(Path(video), kinds, max_frames, settings.device, settings.smoothing)
    for shot in _iter_shots(video, settings, quiet, live):
        yield from live.finish(shot)


def _iter_shots(
    video: str | Path, settings: TrackerSettings, quiet: bool, live: LiveCrops | None = None
) -> Iterator[list[tuple[int, FaceTrack]]]:
    """Give the tracks of each shot, with the number of the picture in which they begin."""
    info = probe_video(video)
    scale = min(1.0, settings.picture_side / min(info.width, info.height))
    side = round(max(info.width, info.height) * scale)
    shown_side = min(info.width, info.height) * scale
    detector = FaceDetector(
        max(20.0, settings.min_face_height * shown_side), device=settings.device
    )
    frame_rate = min(info.frame_rate, FASTEST)
    key_distance = max(1, round(settings.detect_every * frame_rate))
    follower = FaceFollower(
        detector,
        key_distance,
        max_gap=round(settings.max_gap * frame_rate),
        start_probability=settings.start_probability,
        keep_probability=settings.keep_probability,
    )
    chunk_frames = 1 + key_distance * max(1, CHUNK_FRAMES // key_distance)
    finisher = _Finisher(settings)
    raw: list[RawTrack] = []
    total = round(info.duration * info.frame_rate) or None
    ahead = chunk_frames if live is None else AHEAD
    frames: Iterator[Any] = prefetch(iter_in_two_sizes(video, side), ahead)
    if live is not None:
        frames = live.keep(frames)
    frames = progress(frames, "faces", total=total, quiet=quiet)
    for chunk in iter_chunks(frames, chunk_frames, settings.shot_threshold):
        raw.extend(follower.add(chunk))
        if not chunk.continues:  # those of the shot before have ended
            yield finisher.finish([track for track in raw if track.shot != chunk.shot])
            raw = [track for track in raw if track.shot == chunk.shot]
        finisher.times.extend(chunk.times[int(chunk.continues) :].tolist())
        height, width = chunk.images.shape[1:3]
        finisher.zoom = np.array([info.width / width, info.height / height], np.float32)
        if live is not None:
            live.advance(follower, raw, finisher.times, finisher.zoom)
    yield finisher.finish(raw + follower.finish())


class _Finisher:
    """Makes tracks of what was followed, shot by shot."""

    def __init__(self, settings: TrackerSettings) -> None:
        self.settings = settings
        self.times: list[float] = []  # of all pictures so far, in seconds
        self.zoom = np.ones(2, np.float32)  # from the pictures that were looked at to whole ones
        self._num_tracks = self._num_breaks = 0

    def finish(self, raw: Sequence[RawTrack]) -> list[tuple[int, FaceTrack]]:
        """Make the tracks of one shot, in order of their start, with the number of their first picture."""
        faces = join_fragments(
            [one for track in raw for one in confirm(track, self.settings.keep_probability)]
        )
        found = [(face, self._finish(face)) for face in faces]
        kept = [face for face, track in found if track is not None]
        shots = number_shots(kept, self._num_breaks)
        self._num_breaks += len({int(one) for face in kept for one in face.breaks})
        tracks = [track for _, track in found if track is not None]
        numbered = [
            (int(face.frames[0]), replace(track, shot=shot))
            for face, track, shot in zip(kept, tracks, shots, strict=True)
        ]
        numbered.sort(key=lambda pair: (pair[1].start, pair[1].boxes[0, 0]))
        first = self._num_tracks + 1
        self._num_tracks += len(numbered)
        return [
            (begin, replace(track, track=f"T{number:03d}"))
            for number, (begin, track) in enumerate(numbered, start=first)
        ]

    def _finish(self, sighting: Sighting) -> FaceTrack | None:
        """Fill, smooth and judge one face; None when it is not to be trusted."""
        frames, faces, settings = sighting.frames, sighting.faces, self.settings
        wanted = np.arange(frames[0], frames[-1] + 1)
        shown = np.array(self.times[frames[0] : frames[-1] + 1])
        duration = float(shown[-1] - shown[0])
        if (
            len(wanted) < 2
            or duration < settings.min_duration
            or len(frames) < len(wanted) / 2
            or np.median(faces.probabilities) < settings.start_probability
        ):
            return None
        boxes, landmarks = sighting.place(shown, self.zoom, settings.smoothing)
        quality = {
            "size": float(np.median(np.sqrt(box_areas(boxes)))),
            "sharpness": sighting.sharpness,
            "frontality": float(measure_frontality(landmarks).mean()),
            "detection": float(faces.probabilities.mean()),
            "seen": len(frames) / len(wanted),
            "duration": duration,
        }
        detected = np.isin(wanted, frames)
        return FaceTrack("", shown, boxes, landmarks, detected, sighting.shot, quality)
