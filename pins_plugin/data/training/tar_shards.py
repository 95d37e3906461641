"""Training clips in tar files, named as webdataset names them: few large files, read from a folder or from object storage.

  shard-000000.tar     <key>.faces.npy (num_frames, 3, size, size) uint8, <key>.sound.npy (num_samples,) int16, <key>.json
  index.json           {"shards": [{"name", "samples", "bytes"}], "image_size", "num_frames", ...}

Samples of a shard are read one after the other; their order is shuffled by shard, and within a buffer of samples. Which
samples an epoch has, and in which order, depends on seed, epoch and the number of readers only.
"""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import IterableDataset, get_worker_info

from pins_plugin.errors import ManifestError
from pins_plugin.utils.files import atomic_folder

INDEX = "index.json"
SHARD_BYTES = 10**9


class ShardSample(NamedTuple):
    """One clip.

    Parameters
    ----------
    key : str
    faces : (num_frames, 3, size, size) uint8 array
    sound : (num_samples,) int16 array
        At 16 kHz.
    about : dict
        Such as "video" and "position".
    """

    key: str
    faces: NDArray[np.uint8]
    sound: NDArray[np.int16]
    about: dict[str, Any]


def write_tar_shards(
    samples: Iterator[ShardSample] | Sequence[ShardSample],
    folder: str | Path,
    shard_bytes: int = SHARD_BYTES,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write samples into tar files of about this size, in one step; the same samples give the same bytes.

    Parameters
    ----------
    samples : iterable of ShardSample
        Keys are unique and have no dot, which ends a key in this naming.
    folder : str or Path
    shard_bytes : int
    about : mapping, optional
        Goes into the index.

    Returns
    -------
    index : dict
    """
    shards: list[dict[str, Any]] = []
    keys: set[str] = set()
    with atomic_folder(folder) as temporary:
        tar, size = None, shard_bytes
        for sample in samples:
            if "." in sample.key or "/" in sample.key or sample.key in keys:
                raise ManifestError(
                    f"{sample.key}: expected a key of its own, without dot and slash"
                )
            keys.add(sample.key)
            if tar is None or size >= shard_bytes:
                if tar is not None:
                    tar.close()
                name, size = f"shard-{len(shards):06d}.tar", 0
                tar = tarfile.open(temporary / name, "w")  # noqa: SIM115
                shards.append({"name": name, "samples": 0, "bytes": 0})
            size += _add(tar, sample)
            shards[-1]["samples"] += 1
            shards[-1]["bytes"] = size
        if tar is None:
            raise ManifestError(f"{folder}: no sample to write")
        tar.close()
        index = {"version": 1, **(about or {}), "shards": shards}
        (temporary / INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")
    return index


def _add(tar: tarfile.TarFile, sample: ShardSample) -> int:
    parts: dict[str, NDArray[Any]] = {"faces.npy": sample.faces, "sound.npy": sample.sound}
    files = {name: _array_bytes(value) for name, value in parts.items()}
    files["json"] = json.dumps(sample.about, sort_keys=True).encode()
    for ending, content in files.items():
        info = tarfile.TarInfo(f"{sample.key}.{ending}")  # time and owner are zero
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return sum(map(len, files.values()))


def _array_bytes(value: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, value, allow_pickle=False)
    return file.getvalue()


def read_index(address: str) -> dict[str, Any]:
    """Read the index of a folder, or of any address that fsspec knows (s3://..., gs://..., https://...).

    Raises
    ------
    ManifestError
    """
    import fsspec

    try:
        with fsspec.open(f"{address}/{INDEX}", "rb") as file:
            index: dict[str, Any] = json.loads(file.read())
        index["shards"] = [
            {"name": str(each["name"]), "samples": int(each["samples"])} for each in index["shards"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ManifestError(
            f"{address}: expected a folder of training shards with {INDEX} ({error})"
        ) from error
    return index


def read_shard(address: str, name: str, skip: int = 0) -> Iterator[ShardSample]:
    """Read the samples of one shard in their order, but for the first `skip`."""
    import fsspec

    with (
        fsspec.open(f"{address}/{name}", "rb") as file,
        tarfile.open(fileobj=file, mode="r|") as tar,
    ):
        parts: dict[str, bytes] = {}
        key, number = None, 0
        for member in tar:
            mine, _, ending = member.name.partition(".")
            if key is not None and mine != key:
                if number >= skip:
                    yield _decode(key, parts)
                number, parts = number + 1, {}
            key = mine
            if number >= skip:
                content = tar.extractfile(member)
                parts[ending] = content.read() if content is not None else b""
        if key is not None and number >= skip:
            yield _decode(key, parts)


def _decode(key: str, parts: Mapping[str, bytes]) -> ShardSample:
    try:
        faces, sound = (
            np.load(io.BytesIO(parts[f"{name}.npy"]), allow_pickle=False)
            for name in ("faces", "sound")
        )
        return ShardSample(key, faces, sound, json.loads(parts["json"]))
    except (KeyError, ValueError, EOFError) as error:
        raise ManifestError(f"{key}: damaged sample in a training shard ({error})") from error


def share_samples(
    shards: Sequence[Mapping[str, Any]], seed: int, epoch: int, reader: int, num_readers: int
) -> list[tuple[str, int, int]]:
    """Divide an epoch: spans (shard, first, end) of one reader, in shuffled order.

    The samples of all shards, in an order of shards that seed and epoch choose, are one line, which is cut into equal
    lengths: readers have equally many (the last few are left out), none has what another has, and few open the same shard.

    Examples
    --------
    >>> shards = [{"name": "a", "samples": 3}, {"name": "b", "samples": 2}]
    >>> share_samples(shards, 0, 0, 0, 2), share_samples(shards, 0, 0, 1, 2)
    ([('a', 0, 2)], [('a', 2, 3), ('b', 0, 1)])
    """
    order = np.random.default_rng((seed, epoch)).permutation(len(shards))
    total = sum(int(shard["samples"]) for shard in shards)
    length = total // num_readers
    first, end = reader * length, (reader + 1) * length
    spans, place = [], 0
    for number in order:
        count = int(shards[number]["samples"])
        a, b = max(first - place, 0), min(end - place, count)
        if a < b:
            spans.append((str(shards[number]["name"]), a, b))
        place += count
    return spans


class TarShardStream(IterableDataset):  # type: ignore[misc]
    """The samples of training shards, shuffled, of one process; several loader workers share them.

    Parameters
    ----------
    address : str
        Folder, or an address for fsspec.
    seed : int
    rank, num_processes : int
    buffer : int
        Samples among which the next one is drawn.
    """

    def __init__(
        self, address: str, seed: int = 0, rank: int = 0, num_processes: int = 1, buffer: int = 1000
    ) -> None:
        super().__init__()
        self.address, self.seed, self.buffer = address, seed, buffer
        self.rank, self.num_processes = rank, num_processes
        self.index = read_index(address)
        self.epoch, self.done = 0, 0

    def set_epoch(self, epoch: int, done: int = 0) -> None:
        """Begin an epoch; of each reader the first `done` samples were seen before a stop, and are left out."""
        self.epoch, self.done = epoch, done

    def length(self, num_workers: int = 1) -> int:
        """Samples of this process in an epoch, over all its loader workers."""
        total = sum(each["samples"] for each in self.index["shards"])
        readers = self.num_processes * max(1, num_workers)
        return int(total // readers) * max(1, num_workers)

    def __iter__(self) -> Iterator[ShardSample]:
        """Read; a worker of a loader reads its share of this process's samples."""
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info is not None else (0, 1)
        reader, readers = self.rank * workers + worker, self.num_processes * workers
        spans = share_samples(self.index["shards"], self.seed, self.epoch, reader, readers)
        generator = np.random.default_rng((self.seed, self.epoch, reader))
        shuffled = _shuffled(self._read(spans), self.buffer, generator)
        for number, sample in enumerate(shuffled):
            if number >= self.done:
                yield sample

    def _read(self, spans: Sequence[tuple[str, int, int]]) -> Iterator[ShardSample]:
        for name, first, end in spans:
            samples = read_shard(self.address, name, skip=first)
            for _ in range(end - first):
                yield next(samples)


def _shuffled(
    samples: Iterator[ShardSample], size: int, generator: np.random.Generator
) -> Iterator[ShardSample]:
    """Draw each next one among `size`."""
    buffer: list[ShardSample] = []
    for sample in samples:
        if len(buffer) < size:
            buffer.append(sample)
            continue
        place = int(generator.integers(size))
        buffer[place], sample = sample, buffer[place]
        yield sample
    for place in generator.permutation(len(buffer)):
        yield buffer[place]
