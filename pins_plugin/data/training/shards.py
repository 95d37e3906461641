"""Clips decoded once: pixels and samples in memory-mapped files, so that training never waits for a decoder.

shard-00000/faces.npy      (num_clips, num_frames, 3, size, size) uint8
shard-00000/sound.npy      (total_samples,) int16, clip after clip
shard-00000/ends.npy       (num_clips,) int64, where each clip's sound ends
shard-00000/skipped.json   {position: why}
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.data.media.faces import load_faces
from pins_plugin.errors import ManifestError
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.explain import explain
from pins_plugin.utils.files import atomic_folder
from pins_plugin.utils.progress import progress

CLIPS_PER_SHARD = 256


class ClipShards:
    """Decoded clips by position.

    Parameters
    ----------
    folders : sequence of Path
        One per shard, in order.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._faces, self._sound, self._starts = [], [], []
        self.skipped: dict[int, str] = {}
        for number, folder in enumerate(folders):
            self._faces.append(np.load(folder / "faces.npy", mmap_mode="r"))
            self._sound.append(np.load(folder / "sound.npy", mmap_mode="r"))
            self._starts.append(np.concatenate([[0], np.load(folder / "ends.npy")]))
            reasons = json.loads((folder / "skipped.json").read_text(encoding="utf-8"))
            for position, reason in reasons.items():
                self.skipped[number * CLIPS_PER_SHARD + int(position)] = reason

    def __reduce__(self) -> tuple[type["ClipShards"], tuple[list[Path]]]:
        """Pickle where the files are, not what they hold: workers that are spawned map them anew."""
        return ClipShards, (self._folders,)

    def __len__(self) -> int:
        return sum(len(faces) for faces in self._faces)

    def faces(self, position: int) -> NDArray[np.uint8]:
        """Pictures of one clip: (num_frames, 3, size, size)."""
        shard, row = divmod(position, CLIPS_PER_SHARD)
        return self._faces[shard][row]  # type: ignore[no-any-return]

    def sound(self, position: int) -> NDArray[np.int16]:
        """Sound of one clip: (num_samples,)."""
        shard, row = divmod(position, CLIPS_PER_SHARD)
        starts = self._starts[shard]
        return self._sound[shard][starts[row] : starts[row + 1]]  # type: ignore[no-any-return]


class ClipForm(NamedTuple):
    """How a clip is decoded.

    Parameters
    ----------
    image_size : int
        Height and width of the pictures.
    max_seconds : float
        Sound kept, from its start.
    read_faces : callable, optional
        Reads the pictures in place of `data.media.faces.load_faces`, called alike: (path, size, num_frames=...).
    """

    image_size: int
    num_frames: int = 4
    max_seconds: float = 10.0
    read_faces: Callable[..., NDArray[np.uint8]] | None = None

    def describe(self) -> dict[str, Any]:
        """Say it in plain values, for an index."""
        read = self.read_faces
        name = None if read is None else f"{read.__module__}.{read.__qualname__}"
        return {**self._asdict(), "read_faces": name}

    def faces(self, path: Path) -> NDArray[np.uint8]:
        """Read the pictures of a clip."""
        read = self.read_faces or load_faces
        return read(path, self.image_size, num_frames=self.num_frames)

    def sound(self, path: Path) -> NDArray[np.int16]:
        """Read the sound of a clip: (num_samples,) at 16 kHz."""
        limit = round(self.max_seconds * SAMPLE_RATE)
        if path.suffix.lower() in (".wav", ".flac") and path.is_file():
            with suppress(soundfile.LibsndfileError), soundfile.SoundFile(path) as file:
                # as integers, floats would be cut off, not scaled
                form = file.samplerate, file.channels, file.subtype
                if form == (SAMPLE_RATE, 1, "PCM_16") and file.frames:
                    return file.read(limit, dtype="int16")  # type: ignore[no-any-return]
        waveform = load_audio(path)[:limit]
        return np.round(np.clip(waveform, -1, 1) * 32767).astype(np.int16)


def prepare_shards(
    clips: Sequence[TalkingFaceClip],
    folder: str | Path,
    form: ClipForm,
    *,
    quiet: bool = False,
) -> ClipShards:
    """Decode clips that are not decoded yet into a folder, the cache.

    Each shard is written in one step and named by what is in it: a run that was stopped goes on where it
    was, and a changed file or setting makes new shards. There is one row per clip; those in `skipped` could not be
    read and are blank.

    Raises
    ------
    ManifestError
        When no clip could be read.
    """
    settings = " ".join(str(value) for value in form.describe().values() if value is not None)
    groups = [
        clips[start : start + CLIPS_PER_SHARD] for start in range(0, len(clips), CLIPS_PER_SHARD)
    ]
    folders = [Path(folder) / f"shard-{fingerprint(group, settings)}" for group in groups]
    missing = [index for index, shard in enumerate(folders) if not shard.is_dir()]

    def read(clip: TalkingFaceClip) -> tuple[NDArray[np.uint8], NDArray[np.int16]] | str:
        try:
            return form.faces(clip.faces), form.sound(clip.audio)
        except Exception as error:  # foreseen or not, it costs this clip only
            return explain(error)

    total = sum(len(groups[index]) for index in missing)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        todo = (item for index in missing for item in pool.map(read, groups[index]))
        decoded = progress(todo, "decoding clips", total=total, quiet=quiet or not missing)
        for index in missing:
            contents = [next(decoded) for _ in groups[index]]
            blank = (form.num_frames, 3, form.image_size, form.image_size)
            _write_shard(folders[index], contents, blank)
        next(decoded, None)
    shards = ClipShards(folders)
    if len(shards.skipped) == len(clips):
        raise ManifestError(f"none of {len(clips)} clips could be read: {shards.skipped[0]}")
    return shards


def _write_shard(
    folder: Path,
    contents: Sequence[tuple[NDArray[np.uint8], NDArray[np.int16]] | str],
    blank: tuple[int, ...],
) -> None:
    faces, sounds, skipped = [], [], {}
    for row, content in enumerate(contents):
        if isinstance(content, str):
            skipped[row] = content
            content = np.zeros(blank, np.uint8), np.zeros(0, np.int16)
        faces.append(content[0])
        sounds.append(content[1])
    with atomic_folder(folder) as temporary:
        np.save(temporary / "faces.npy", np.stack(faces))
        np.save(temporary / "sound.npy", np.concatenate(sounds))
        np.save(temporary / "ends.npy", np.cumsum([len(sound) for sound in sounds]))
        (temporary / "skipped.json").write_text(json.dumps(skipped), encoding="utf-8")


def fingerprint(clips: Sequence[TalkingFaceClip], settings: str = "") -> str:
    """Name some clips by their files, when these were changed, and how they are decoded."""
    digest = hashlib.sha256(settings.encode())
    for clip in clips:
        for path in (clip.faces, clip.audio):
            changed = path.stat().st_mtime_ns if path.exists() else 0
            digest.update(f"{path.resolve()} {changed}\n".encode())
    return digest.hexdigest()[:20]
