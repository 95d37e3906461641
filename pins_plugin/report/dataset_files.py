"""Clips of a data set as files, named as webdataset wants them: key.face.mp4, key.wav, key.json."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio, save_audio
from pins_plugin.data.media.video import probe_video
from pins_plugin.formats.crop_path import file_name
from pins_plugin.formats.dataset_cut import DatasetClip
from pins_plugin.report.crop_video import SOUND_RATE, write_face_clip
from pins_plugin.utils.files import write_json

CLIP_FILES = ("face.mp4", "wav", "json")


@dataclass(frozen=True)
class ClipFiles:
    """Where the three files of a clip are, under one key."""

    key: str
    clip: DatasetClip
    folder: Path

    def path(self, part: str) -> Path:
        """Path of "face.mp4", "wav" or "json"."""
        return self.folder / f"{self.key}.{part}"


def write_clips(
    video: Path,
    clips: Sequence[DatasetClip],
    folder: Path,
    key: str,
    name: str,
    size: int = 224,
) -> Iterator[ClipFiles]:
    """Write the face video with sound, the sound as 16 kHz WAV, and what is known, of each clip.

    Parameters
    ----------
    key : str
        What the keys begin with.
    name : str
        Of the video, in the JSON files.
    size : int
        Of the face pictures, in pixels.
    """
    info = probe_video(video)
    sound = load_audio(video, SOUND_RATE) if clips else np.zeros(0, np.float32)
    speech = load_audio(video) if clips else np.zeros(0, np.float32)
    for clip in clips:
        milliseconds = round(1000 * clip.start)
        track = file_name(clip.track.track).replace(".", "_")
        files = ClipFiles(f"{key}-{milliseconds:08d}-{track}", clip, folder)
        write_face_clip(video, clip, files.path("face.mp4"), info, sound, size)
        first, last = round(clip.start * SAMPLE_RATE), round(clip.end * SAMPLE_RATE)
        save_audio(files.path("wav"), speech[first:last])
        write_json(files.path("json"), describe(name, clip, info.frame_rate))
        yield files


def describe(video: str, clip: DatasetClip, frame_rate: float) -> dict[str, Any]:
    """What is known of a clip, as its JSON file says it."""
    return {
        "video": video,
        "person": clip.person,
        "track": clip.track.track,
        "start": round(clip.start, 3),
        "end": round(clip.end, 3),
        "frame_rate": round(frame_rate, 3),
        "confidence": round(clip.confidence, 4),
        "face_size": round(clip.size, 1),
        "yaw": None if clip.yaw is None else round(clip.yaw, 1),
    }
