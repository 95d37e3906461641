"""Clips of a data set as files or as tar shards named as webdataset wants them: key.face.mp4, key.wav, key.json."""

import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.corpora.manifest import write_manifest
from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio, save_audio
from pins_plugin.data.media.video import probe_video
from pins_plugin.formats.crop_path import file_name
from pins_plugin.formats.dataset_cut import DatasetClip
from pins_plugin.report.crop_video import SOUND_RATE, write_face_clip
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import atomic_path, write_json

SHARD_CLIPS = 1000
PARTS = ("face.mp4", "wav", "json")


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
    video: Path, clips: Sequence[DatasetClip], folder: Path, size: int = 224
) -> Iterator[ClipFiles]:
    """Write the face video with sound, the sound as 16 kHz WAV, and what is known, of each clip.

    Parameters
    ----------
    video : Path
    clips : sequence of DatasetClip
    folder : Path
    size : int
        Of the face pictures, in pixels.
    """
    info = probe_video(video)
    sound = load_audio(video, SOUND_RATE) if clips else np.zeros(0, np.float32)
    speech = load_audio(video) if clips else np.zeros(0, np.float32)
    name = file_name(video.stem).replace(".", "_")
    for clip in clips:
        milliseconds = round(1000 * clip.start)
        track = file_name(clip.track.track).replace(".", "_")
        files = ClipFiles(f"{name}-{milliseconds:08d}-{track}", clip, folder)
        write_face_clip(video, clip.stretch, files.path("face.mp4"), info, sound, size)
        save_audio(files.path("wav"), _part(speech, clip.start, clip.end, SAMPLE_RATE))
        write_json(files.path("json"), describe(video, clip, info.frame_rate))
        yield files


def describe(video: Path, clip: DatasetClip, frame_rate: float) -> dict[str, Any]:
    """What is known of a clip, as its JSON file says it."""
    return {
        "video": video.name,
        "person": clip.person,
        "track": clip.track.track,
        "start": round(clip.start, 3),
        "end": round(clip.end, 3),
        "frame_rate": round(frame_rate, 3),
        "confidence": round(clip.confidence, 4),
        "face_size": round(clip.size, 1),
        "yaw": None if clip.yaw is None else round(clip.yaw, 1),
    }


def write_clip_manifest(path: Path, files: Sequence[ClipFiles]) -> None:
    """Write the manifest that `pins train` reads."""
    write_manifest(
        path,
        [
            TalkingFaceClip(
                each.key,
                each.clip.person,
                each.key.rsplit("-", 2)[0],
                each.path("face.mp4"),
                each.path("wav"),
            )
            for each in files
        ],
    )


class ShardWriter:
    """Writes clips into shard-000000.tar, ...; each shard is whole or not there.

    Parameters
    ----------
    folder : Path
    shard_clips : int
        Most clips of a shard.
    """

    def __init__(self, folder: Path, shard_clips: int = SHARD_CLIPS) -> None:
        self.folder, self.shard_clips = folder, shard_clips
        self.paths: list[Path] = []
        self._waiting: list[ClipFiles] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._temporary = tempfile.TemporaryDirectory(prefix=".clips.", dir=folder)
        self.scratch = Path(self._temporary.name)

    def add(self, files: ClipFiles) -> None:
        """Take the next clip, whose files lie in `scratch`."""
        self._waiting.append(files)
        if len(self._waiting) == self.shard_clips:
            self._flush()

    def close(self) -> None:
        """Write the last shard, and tidy up."""
        self._flush()
        self._temporary.cleanup()

    def _flush(self) -> None:
        if not self._waiting:
            return
        path = self.folder / f"shard-{len(self.paths):06d}.tar"
        with atomic_path(path) as temporary, tarfile.open(temporary, "w") as tar:
            for files in self._waiting:
                for part in PARTS:
                    _add(tar, files.path(part))
        for files in self._waiting:
            for part in PARTS:
                files.path(part).unlink()
        self.paths.append(path)
        self._waiting = []


def _add(tar: tarfile.TarFile, path: Path) -> None:
    """Add a file without the owner and date of this machine."""
    entry = tarfile.TarInfo(path.name)
    entry.size = path.stat().st_size
    with path.open("rb") as file:
        tar.addfile(entry, file)


def _part(
    waveform: NDArray[np.float32], start: float, end: float, rate: int
) -> NDArray[np.float32]:
    return waveform[round(start * rate) : round(end * rate)]


def read_shard(path: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Read a shard back: key, and its files by what stands after the key's first dot."""
    with tarfile.open(path) as tar:
        key = ""
        parts: dict[str, bytes] = {}
        for entry in tar:
            name, _, part = entry.name.partition(".")
            if name != key and parts:
                yield key, parts
                parts = {}
            file = tar.extractfile(entry)
            key, parts[part] = name, file.read() if file is not None else b""
        if parts:
            yield key, parts
