"""Videos cut to whoever speaks: a vertical or square version of the whole, the face of each speaker with sound, clips of a data set.

The files of a data set are named as webdataset wants them: key.face.mp4, key.wav, key.json.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio, save_audio
from pins_plugin.data.media.video import VideoInfo, iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.formats.crop_path import (
    CropPath,
    SpeakingStretch,
    face_windows,
    file_name,
    follow_speaker,
    speaking_stretches,
)
from pins_plugin.formats.dataset_cut import DatasetClip
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.progress import progress
from pins_plugin.utils.text import csv_table, table_cell

SOUND_RATE = 48000  # Hz
CLIP_FILES = ("face.mp4", "wav", "json")


def write_following_video(
    video: str | Path, linked: LinkedVideo, out: str | Path, shape: float, quiet: bool = False
) -> CropPath:
    """Write a version of a video of another shape that follows whoever speaks; the sound is the original's.

    Parameters
    ----------
    out : str or Path
        An mp4 file.
    shape : float
        Width over height, such as 9 / 16.
    quiet : bool
        No progress bar.
    """
    info = probe_video(video)
    times = np.array([frame.time for frame in iter_frames(video, max_side=64)])
    path = follow_speaker(linked, times, info.width, info.height, shape)
    width, height = (path.windows[0, 2:] - path.windows[0, :2]).tolist()
    with VideoWriter(out, width, height, info.frame_rate, sound_of=Path(video)) as writer:
        frames = zip(iter_frames(video), path.windows.tolist(), strict=False)
        for frame, (x1, y1, x2, y2) in progress(frames, "cropping", total=len(times), quiet=quiet):
            writer.add_image(frame.image[y1:y2, x1:x2], frame.time)
    return path


def write_speaking_faces(
    video: str | Path,
    linked: LinkedVideo,
    folder: str | Path,
    size: int = 224,
    min_seconds: float = 0.5,
    quiet: bool = False,
) -> list[Path]:
    """Write the face of each speaker, with sound, for the stretches in which that person speaks and is seen.

    Parameters
    ----------
    folder : str or Path
        Gets a folder for each person, with a video for each stretch, and faces.csv, which lists them.
    size : int
        Of the pictures, in pixels.
    min_seconds : float
        Shorter stretches are left out.
    quiet : bool
        No progress bar.
    """
    folder, info = Path(folder), probe_video(video)
    stretches = speaking_stretches(linked, linked.turns, min_seconds)
    stretches.sort(key=lambda each: each.start)
    names = _names(folder, stretches)
    waveform = load_audio(video, SOUND_RATE) if info.has_audio and stretches else None
    for stretch, path in progress(
        zip(stretches, names, strict=True), "faces", total=len(stretches), quiet=quiet
    ):
        write_face_clip(video, stretch, path, info, waveform, size)
    rows = (
        (path.relative_to(folder).as_posix(), table_cell(stretch.person), table_cell(stretch.track.track), f"{stretch.start:.3f}", f"{stretch.end:.3f}")
        for stretch, path in zip(stretches, names, strict=True)
    )  # fmt: skip
    write_text(folder / "faces.csv", csv_table(("file", "person", "track", "start", "end"), rows))
    return names


def write_clips(
    video: Path, clips: Sequence[DatasetClip], folder: Path, key: str, name: str, size: int
) -> Iterator[str]:
    """Write of each clip the face video with sound, the sound as 16 kHz WAV, and what is known.

    Parameters
    ----------
    key : str
        What the keys begin with.
    name : str
        Of the video, in the JSON files.
    size : int
        Of the face pictures, in pixels.

    Yields
    ------
    key : str
        Of the clip, whose files are `folder/key.part` for each part of `CLIP_FILES`.
    """
    info = probe_video(video)
    sound = load_audio(video, SOUND_RATE) if clips else np.zeros(0, np.float32)
    speech = load_audio(video) if clips else np.zeros(0, np.float32)
    for clip in clips:
        track = file_name(clip.track.track).replace(".", "_")
        mine = f"{key}-{round(1000 * clip.start):08d}-{track}"
        face, wav, about = (folder / f"{mine}.{part}" for part in CLIP_FILES)
        write_face_clip(video, clip, face, info, sound, size)
        save_audio(wav, speech[round(clip.start * SAMPLE_RATE) : round(clip.end * SAMPLE_RATE)])
        known = {
            "video": name,
            "person": clip.person,
            "track": clip.track.track,
            "start": round(clip.start, 3),
            "end": round(clip.end, 3),
            "frame_rate": round(info.frame_rate, 3),
            "confidence": round(clip.confidence, 4),
            "face_size": round(clip.size, 1),
            "yaw": None if clip.yaw is None else round(clip.yaw, 1),
        }
        write_json(about, known)
        yield mine


def cut_window(image: NDArray[np.uint8], window: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Cut a square window, the picture's edge repeated where it reaches out, and scale it to (size, size, 3)."""
    x1, y1, x2, y2 = window.tolist()
    height, width = image.shape[:2]
    inside = image[max(0, y1) : max(0, min(height, y2)), max(0, x1) : max(0, min(width, x2))]
    if inside.size == 0:
        return np.zeros((size, size, 3), np.uint8)
    edges = max(0, -y1), max(0, y2 - height), max(0, -x1), max(0, x2 - width)
    if any(edges):
        inside = np.asarray(cv2.copyMakeBorder(inside, *edges, cv2.BORDER_REPLICATE), np.uint8)
    method = cv2.INTER_AREA if x2 - x1 > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(inside, (size, size), interpolation=method), np.uint8)


def write_face_clip(
    video: str | Path,
    stretch: SpeakingStretch,
    path: Path,
    info: VideoInfo,
    waveform: NDArray[np.float32] | None,
    size: int,
) -> None:
    """Write the face of one stretch, steady and square, with the sound (48 kHz) of that stretch; nothing where it is not seen."""
    times = np.array([frame.time for frame in _frames(video, stretch, max_side=64)])
    if not len(times):
        return
    windows = face_windows(stretch.track, times, info.width, info.height)
    rate = None if waveform is None else SOUND_RATE
    with VideoWriter(path, size, size, info.frame_rate, sample_rate=rate) as writer:
        for frame, window in zip(_frames(video, stretch), windows, strict=False):
            writer.add_image(cut_window(frame.image, window, size), frame.time - times[0])
        if waveform is not None:
            first, last = round(times[0] * SOUND_RATE), round(stretch.end * SOUND_RATE)
            writer.add_sound(waveform[first:last])


def _frames(video: str | Path, stretch: SpeakingStretch, max_side: int | None = None) -> Iterator:
    return iter_frames(video, start=stretch.start, end=stretch.end, max_side=max_side)


def _names(folder: Path, stretches: list[SpeakingStretch]) -> list[Path]:
    """One folder for each person, files by their time."""
    people: dict[str, str] = {}
    paths: list[Path] = []
    for stretch in stretches:
        if stretch.person not in people:
            people[stretch.person] = file_name(stretch.person, list(people.values()))
        path = folder / people[stretch.person] / f"{stretch.start:09.3f}.mp4"
        if path in paths:
            path = path.with_name(f"{path.stem}_{file_name(stretch.track.track)}.mp4")
        paths.append(path)
    return paths
