"""From a video file to face tracks, in one pass and constant memory."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.errors import PinsError
from pins_plugin.tracking.boxes import box_areas
from pins_plugin.tracking.detector import FaceDetector
from pins_plugin.tracking.follow import START_PROBABILITY, FaceFollower, RawTrack
from pins_plugin.tracking.fragments import Sighting, confirm, join_fragments, number_shots
from pins_plugin.tracking.quality import measure_frontality
from pins_plugin.tracking.shots import iter_chunks
from pins_plugin.types import FaceTrack
from pins_plugin.utils.prefetch import prefetch
from pins_plugin.utils.progress import progress

FASTEST = 60.0  # Hz; some files of variable frame rate claim 1000
# Pixels: pictures are shrunk until their shorter side has at most so many; chosen, not measured
PICTURE_SIDE = 400
MAX_GAP = (
    1.0  # seconds for which a face may be hidden and still be the same track; chosen, not measured
)
MIN_DURATION = 0.2  # seconds; shorter tracks are dropped; chosen, not measured
SMOOTHED_FRAMES = 5  # frames over which boxes and landmarks are smoothed, odd; chosen, not measured
MAX_WAIT = 10.0  # seconds from one full detection to the next, all pictures between are in memory; chosen, not measured
CHUNK_FRAMES = 32  # pictures in memory at once, about; chosen, not measured


@dataclass(frozen=True)
class TrackerSettings:
    """How faces are looked for.

    Parameters
    ----------
    detect_every : float
        Seconds from one full detection to the next, at most 10: pictures between are held in memory.
    min_face_height : float
        Smallest face, as a part (0 to 1) of the picture's shorter side (never below 20 pixels after shrinking).
    device : str
        Where the networks run: "cpu", "cuda".
    """

    detect_every: float = 0.3  # chosen, not measured
    min_face_height: float = 0.05  # 20 pixels of `PICTURE_SIDE`, `FaceDetector`'s least face
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name, most in (("detect_every", MAX_WAIT), ("min_face_height", 1.0)):
            value = getattr(self, name)
            if not 0 < value <= most:
                raise PinsError(f"{name}: expected more than 0 and at most {most:g}, got {value}")


def track_faces(
    video: str | Path, settings: TrackerSettings | None = None, *, quiet: bool = False
) -> list[FaceTrack]:
    """Follow every face of a video.

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
    settings = settings or TrackerSettings()
    info = probe_video(video)
    scale = min(1.0, PICTURE_SIDE / min(info.width, info.height))
    side = round(max(info.width, info.height) * scale)
    shown_side = min(info.width, info.height) * scale
    least_face = max(20.0, settings.min_face_height * shown_side)
    detector = FaceDetector(least_face, device=settings.device)
    frame_rate = min(info.frame_rate, FASTEST)
    key_distance = max(1, round(settings.detect_every * frame_rate))
    follower = FaceFollower(detector, key_distance, max_gap=round(MAX_GAP * frame_rate))
    chunk_frames = 1 + key_distance * max(1, CHUNK_FRAMES // key_distance)
    times: list[float] = []
    raw: list[RawTrack] = []
    total = round(info.duration * info.frame_rate) or None
    frames = prefetch(iter_frames(video, max_side=side), chunk_frames)
    frames = progress(frames, "faces", total=total, quiet=quiet)
    for chunk in iter_chunks(frames, chunk_frames):
        height, width = chunk.images.shape[1:3]
        times.extend(chunk.times[int(chunk.continues) :])
        raw.extend(follower.add(chunk))
    raw.extend(follower.finish())
    if not raw:
        return []
    zoom = np.array([info.width / width, info.height / height], np.float32)
    seconds = np.array(times)
    faces = join_fragments([one for track in raw for one in confirm(track)])
    finished = [(face, _finished(face, seconds, zoom)) for face in faces]
    shots = number_shots([face for face, track in finished if track is not None])
    tracks = [track for _, track in finished if track is not None]
    tracks = [replace(track, shot=shot) for track, shot in zip(tracks, shots, strict=True)]
    kept = sorted(tracks, key=lambda track: (track.start, track.boxes[0, 0]))
    return [replace(track, track=f"T{number:03d}") for number, track in enumerate(kept, start=1)]


def _finished(
    sighting: Sighting, times: NDArray[np.float64], zoom: NDArray[np.float32]
) -> FaceTrack | None:
    """Fill, smooth and judge one face; None when it is not to be trusted."""
    frames, faces = sighting.frames, sighting.faces
    wanted = np.arange(frames[0], frames[-1] + 1)
    shown = times[wanted]
    duration = float(shown[-1] - shown[0])
    if (
        len(wanted) < 2
        or duration < MIN_DURATION
        or len(frames) < len(wanted) / 2
        or np.median(faces.probabilities) < START_PROBABILITY
    ):
        return None
    values = np.concatenate([faces.boxes, faces.landmarks.reshape(-1, 10)], axis=1)
    filled = np.stack([np.interp(shown, times[frames], column) for column in values.T], axis=1)
    filled = smooth(filled)
    points = (filled.reshape(-1, 7, 2) * zoom).astype(np.float32)  # (num_frames, 7, 2)
    boxes, landmarks = points[:, :2].reshape(-1, 4), points[:, 2:]
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


def smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the jitter out of (num_frames, num_values) curves: a running median of three, then a running parabola.

    The median removes single outliers; the parabola (Savitzky and Golay, 1964) leaves motion that is
    smooth over the window as it is, so that a mouth that opens is not flattened.
    """
    if len(values) >= 3:
        inner = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
        values = np.concatenate([values[:1], inner, values[-1:]])
    if len(values) < SMOOTHED_FRAMES:
        return values
    return np.asarray(savgol_filter(values, SMOOTHED_FRAMES, polyorder=2, axis=0))
