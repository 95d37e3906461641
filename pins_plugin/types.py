"""What travels between the parts: plain frozen records."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TalkingFaceClip:
    """One row of a manifest: a stretch of one face that speaks with its own voice.

    Parameters
    ----------
    clip_id : str
        Unique within the manifest.
    identity : str
        Who it is; used for scoring only. Empty where it is not known.
    video : str
        The recording that the clip was cut from; clips of one video share camera, room and day.
    faces : Path
        A video file, an image, or a folder of images of the tracked face.
    audio : Path
        A sound file (or the video file itself).
    split : str
        "train", "valid", "test" or "".
    attributes : dict of str to str
        Every further column (gender, nationality, age, ...).
    """

    clip_id: str
    identity: str
    video: str
    faces: Path
    audio: Path
    split: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face followed through one shot, one row per video frame.

    Parameters
    ----------
    track : str
        Unique within the video, such as "T003".
    times : (num_frames,) float64 array
        Seconds on the media clock, increasing.
    boxes : (num_frames, 4) float32 array
        x1, y1, x2, y2 in pixels of the upright original picture.
    landmarks : (num_frames, 5, 2) float32 array
        Left eye, right eye, nose, left and right mouth corner as seen in the picture, in pixels.
    detected : (num_frames,) bool array
        Whether the detector saw the face in that frame (otherwise interpolated).
    shot : int
        Index of the shot.
    quality : dict of str to float
        Such as size (pixels), sharpness, frontality (0..1), detection (mean probability).
    person : str or None
        The same label wherever the same face appears, once people were grouped.
    """

    track: str
    times: NDArray[np.float64]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    detected: NDArray[np.bool_]
    shot: int = 0
    quality: dict[str, float] = field(default_factory=dict)
    person: str | None = None

    @property
    def start(self) -> float:
        """Time of the first frame, in seconds."""
        return float(self.times[0])

    @property
    def end(self) -> float:
        """Time of the last frame, in seconds."""
        return float(self.times[-1])

    @property
    def span(self) -> tuple[float, float]:
        """First and last moment in seconds: the last picture stays until the next one would come."""
        step = (self.end - self.start) / max(1, len(self.times) - 1)
        return self.start, self.end + step

    def cut(self, rows: NDArray[np.bool_], name: str) -> "FaceTrack":
        """The frames of `rows`, (num_frames,), as a track of its own."""
        return replace(
            self,
            track=name,
            times=self.times[rows],
            boxes=self.boxes[rows],
            landmarks=self.landmarks[rows],
            detected=self.detected[rows],
        )


@dataclass(frozen=True)
class SpeakerFaceLink:
    """Who speaks in one turn, and which face that is.

    Parameters
    ----------
    start, end : float
        Seconds on the media clock.
    speaker : str
        The diarization's label.
    person : str or None
        The label of the face, or None when the speaker is not on screen (or nobody can tell).
    box : tuple of four floats or None
        Mean box over the turn, in pixels of the original picture.
    confidence : float
        Probability in 0..1 that this link is right.
    status : str
        "on screen", "off screen" or "uncertain".
    evidence : dict of str to float
        Log-likelihood ratio that each source of evidence contributed.
    """

    start: float
    end: float
    speaker: str
    person: str | None
    box: tuple[float, float, float, float] | None
    confidence: float
    status: str = "on screen"
    evidence: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TranscriptWord:
    """One word of a transcript.

    Parameters
    ----------
    start, end : float
        Seconds on the media clock; equal where a transcript gives one time only.
    text : str
        With its punctuation, without white space.
    segment : int
        Number of the segment or subtitle that it stands in; subtitles are never joined across segments.
    estimated : bool
        Whether the transcript gives no time of the word itself: it was spread over that of its segment.
    """

    start: float
    end: float
    text: str
    segment: int = 0
    estimated: bool = False

    @property
    def middle(self) -> float:
        """By which it is known who says it, in seconds."""
        return (self.start + self.end) / 2
