"""Training clips in tar files, named as webdataset names them: few large files, read from a folder or from object storage.

  train-000000.tar     <key>.faces.npy (num_frames, 3, size, size) uint8, <key>.sound.npy (num_samples,) int16, <key>.json;
                       or, as `pins cut --tar` writes them, <key>.face.mp4, <key>.wav, <key>.json
  index.json           {"shards": [{"name", "split", "samples", "bytes", "videos": [[video, samples], ...], "people"}], "image_size", ...}

Several machines that write into one folder write an index each: index-1-of-4.json, ...
"""

import io
import json
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tokenize import TokenError  # of NumPy, where the head of an array is damaged
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.training.shards import ClipForm as ClipForm
from pins_plugin.errors import ManifestError, PinsError
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.explain import naming
from pins_plugin.utils.files import atomic_path, write_text

INDEX = "index{part}.json"
SHARD_BYTES = 10**9
ARRAYS, MEDIA = ("faces.npy", "sound.npy"), ("face.mp4", "wav")


class ShardSample(NamedTuple):
    """One clip.

    Parameters
    ----------
    key : str
        Without dot, which ends a key in this naming, and without slash.
    faces : (num_frames, 3, size, size) uint8 array
    sound : (num_samples,) int16 array
        At 16 kHz.
    about : dict
        With "video"; perhaps "identity" (`pins cut` says "person"), and what else is known of the person as text, such as "gender".
    """

    key: str
    faces: NDArray[np.uint8]
    sound: NDArray[np.int16]
    about: dict[str, Any]

    def files(self) -> dict[str, bytes]:
        """What the shard holds of it, by ending."""
        files = {}
        arrays: dict[str, NDArray[Any]] = dict(zip(ARRAYS, (self.faces, self.sound), strict=True))
        for name, array in arrays.items():
            np.save(file := io.BytesIO(), array, allow_pickle=False)
            files[name] = file.getvalue()
        return {**files, "json": json.dumps(self.about, sort_keys=True).encode()}


def is_shard_address(manifest: str | Path) -> bool:
    """Tell the address of shards, a folder or "s3://...", from a manifest, which is a file.

    Examples
    --------
    >>> is_shard_address("s3://bucket/shards"), is_shard_address("clips/manifest.csv")
    (True, False)
    """
    return "://" in str(manifest) or Path(manifest).is_dir()


def write_shard(
    samples: Iterable[tuple[str, Mapping[str, bytes]]], path: str | Path, split: str = "train"
) -> dict[str, Any]:
    """Write one tar file in one step, and give its row for the index; the same samples give the same bytes.

    Samples are key and contents by ending, as `ShardSample.files` gives them; those of one video one after the other.

    Raises
    ------
    ManifestError
        When there is no sample, or keys cannot be told apart.
    """
    keys: set[str] = set()
    people: set[str] = set()
    videos: list[list[Any]] = []
    size = 0
    with atomic_path(path) as temporary, tarfile.open(temporary, "w") as tar:
        for key, files in samples:
            if "." in key or "/" in key or key in keys:
                raise ManifestError(f"{key}: expected a key of its own, without dot and slash")
            keys.add(key)
            about = json.loads(files["json"])
            video = str(about.get("video", key))
            people.add(_person_of(about))
            if not videos or videos[-1][0] != video:
                videos.append([video, 0])
            videos[-1][1] += 1
            for ending, content in files.items():
                info = tarfile.TarInfo(f"{key}.{ending}")  # time and owner are zero
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
                size += len(content)
        if not keys:
            raise ManifestError(f"{path}: no sample to write")
    name = Path(path).name
    row = {"name": name, "split": split, "samples": len(keys), "bytes": size, "videos": videos}
    return row | {"people": sorted(people - {""})}


def write_index(
    folder: str | Path,
    shards: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any] | None = None,
    part: str = "",
) -> None:
    """Write the index, which makes shards count; `part` ("-1-of-4") is that of one of several machines."""
    text = json.dumps({"version": 1, **(about or {}), "shards": list(shards)}, indent=None)
    write_text(Path(folder) / INDEX.format(part=part), text.replace('{"name"', '\n{"name"') + "\n")


def read_index(address: str, split: str | None = None) -> dict[str, Any]:
    """Read the index of a folder, or of any address that fsspec knows (s3://..., gs://..., https://...).

    Raises
    ------
    ManifestError
        When there is none, no shard of that split, or several machines wrote different pictures.
    """
    import fsspec

    address = str(address).rstrip("/")
    expected = f"a folder of training shards with {INDEX.format(part='')}"
    try:
        system, root = fsspec.core.url_to_fs(address)
        names = [f"{root}/{INDEX.format(part='')}"]
        if not system.exists(names[0]):
            names = sorted(system.glob(f"{root}/{INDEX.format(part='-*')}"))
        parts = [json.loads(system.cat_file(name)) for name in names]
        shards = [_checked(shard) for part in parts for shard in part["shards"]]
    except (OSError, ValueError, KeyError, TypeError, ImportError, RecursionError) as error:
        raise ManifestError(f"{address}: expected {expected} ({error})") from error
    forms = {f"{part.get('image_size')} {part.get('read_faces')}" for part in parts}
    if len(forms) > 1:
        raise ManifestError(
            f"{address}: expected pictures of one image_size and read_faces, got {sorted(forms)}; write the shards anew"
        )
    found = sorted({shard["split"] for shard in shards})
    if split is not None:
        shards = [shard for shard in shards if shard["split"] == split]
    if not shards:
        raise ManifestError(f"{address}: expected {expected}, of split {split!r}; splits found: {found}")  # fmt: skip
    return {**parts[0], "shards": shards}


def _checked(shard: Mapping[str, Any]) -> dict[str, Any]:
    videos = [(str(video), int(count)) for video, count in shard["videos"]]
    samples = sum(count for _, count in videos)
    if samples != int(shard["samples"]) or any(count < 1 for _, count in videos):
        raise ValueError(f"{shard['name']}: {shard['samples']} samples, {samples} by video")
    row = {"name": str(shard["name"]), "split": str(shard["split"]), "samples": samples}
    people = [str(person) for person in shard.get("people", ())]
    return {**row, "bytes": int(shard["bytes"]), "videos": videos, "people": people}


def read_shard(
    address: str, name: str, form: ClipForm | None = None, wanted: Sequence[bool] | None = None
) -> Iterator[ShardSample | None]:
    """Read the samples of one shard in their order.

    `form` is that of media; arrays are as they were made. With `wanted`, the others are None, and those behind the last
    wanted one are not read.

    Raises
    ------
    ManifestError
        When the shard, or one of its samples, is damaged.
    """
    import fsspec

    last = None if wanted is None else max(np.flatnonzero(wanted), default=-1)
    path = f"{address.rstrip('/')}/{name}"
    with (
        naming(path, ManifestError, tarfile.TarError),
        fsspec.open(path, "rb") as file,
        tarfile.open(fileobj=file, mode="r|") as tar,
    ):
        for number, (key, parts) in enumerate(_group(tar, wanted)):
            if last is not None and number > last:
                return
            yield _decode(key, parts, form) if wanted is None or wanted[number] else None


def read_files(path: str | Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Give key and files of each sample of a tar file, as `write_shard` takes them."""
    with tarfile.open(path) as tar:
        yield from _group(tar, None)


def _group(
    tar: tarfile.TarFile, wanted: Sequence[bool] | None
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Give key and files of each sample; of those that nobody wants, nothing is read."""
    parts: dict[str, bytes] = {}
    key, number = None, 0
    for member in tar:
        mine, _, ending = member.name.partition(".")
        if key is not None and mine != key:
            yield key, parts
            number, parts = number + 1, {}
        key = mine
        if wanted is None or (number < len(wanted) and wanted[number]):
            content = tar.extractfile(member)
            parts[ending] = content.read() if content is not None else b""
    if key is not None:
        yield key, parts


def _decode(key: str, parts: Mapping[str, bytes], form: ClipForm | None) -> ShardSample:
    try:
        about = dict(json.loads(parts["json"]))
        if ARRAYS[0] in parts:
            faces, sound = (np.load(io.BytesIO(parts[name]), allow_pickle=False) for name in ARRAYS)
            kinds = faces.dtype, faces.shape[1:2], faces.ndim, sound.dtype, sound.ndim
            if kinds != (np.uint8, (3,), 4, np.int16, 1) or not len(faces):
                raise ValueError(f"got {faces.dtype} {faces.shape}, {sound.dtype} {sound.shape}")
            return ShardSample(key, faces, sound, about)
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, f"clip.{ending}") for ending in MEDIA]
            for path, ending in zip(paths, MEDIA, strict=True):
                path.write_bytes(parts[ending])
            form = form or ClipForm(224)
            return ShardSample(key, form.faces(paths[0]), form.sound(paths[1]), about)
    except (KeyError, ValueError, TypeError, EOFError, TokenError, PinsError) as error:
        raise ManifestError(f"{key}: damaged sample ({error}); write the shard anew") from error


def _person_of(about: Mapping[str, Any]) -> str:
    return str(about.get("identity", about.get("person", "")))


class HeldClips:
    """Clips of shards that are held in memory, such as those for validation: at most so many, evenly spread, by key."""

    skipped: Mapping[int, str] = {}

    def __init__(self, address: str, split: str, form: ClipForm, most: int = 1000) -> None:
        shards = read_index(address, split)["shards"]
        step = -(-sum(shard["samples"] for shard in shards) // most)
        self._samples: list[ShardSample] = []
        place = 0
        for shard in shards:
            wanted = [(place + row) % step == 0 for row in range(shard["samples"])]
            place += shard["samples"]
            if any(wanted):
                self._samples += filter(None, read_shard(address, shard["name"], form, wanted))
        self._samples.sort(key=lambda sample: sample.key)  # whatever the shards' order
        self.clips = []
        for key, _, _, about in self._samples:
            known = {name: value for name, value in about.items() if isinstance(value, str)}
            of = key, _person_of(about), str(about.get("video", key))
            self.clips.append(TalkingFaceClip(*of, Path(), Path(), split, known))

    def faces(self, position: int) -> NDArray[np.uint8]:
        """Pictures of one clip: (num_frames, 3, size, size)."""
        return self._samples[position].faces

    def sound(self, position: int) -> NDArray[np.int16]:
        """Sound of one clip: (num_samples,)."""
        return self._samples[position].sound
