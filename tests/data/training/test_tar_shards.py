"""Tar shards: the naming others read, no sample lost or twice over processes and workers, resumed within an epoch."""

import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader

from pins_plugin.data.training.tar_shards import (
    ShardSample,
    TarShardStream,
    read_index,
    read_shard,
    write_tar_shards,
)
from pins_plugin.errors import ManifestError


def _samples(count: int) -> list[ShardSample]:
    generator = np.random.default_rng(0)
    return [
        ShardSample(
            f"{number:05d}",
            generator.integers(0, 256, (2, 3, 8, 8), np.uint8),
            generator.integers(-99, 99, 50 + number, np.int16),
            {"video": f"v{number // 3}", "position": number},
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shards") / "train"
    write_tar_shards(_samples(50), path, shard_bytes=5000, about={"image_size": 8})
    return path


def _keys(stream: TarShardStream, num_workers: int = 0) -> list[str]:
    loader = DataLoader(stream, batch_size=None, num_workers=num_workers)
    return [sample.key for sample in loader]


def test_samples_come_back_as_they_were_in_the_naming_of_webdataset(folder: Path) -> None:
    index = read_index(str(folder))
    assert sum(each["samples"] for each in index["shards"]) == 50 and len(index["shards"]) > 5
    found = [s for each in index["shards"] for s in read_shard(str(folder), each["name"])]
    for sample, expected in zip(found, _samples(50), strict=True):
        assert (sample.key, sample.about) == (expected.key, expected.about)
        np.testing.assert_array_equal(sample.faces, expected.faces)
        np.testing.assert_array_equal(sample.sound, expected.sound)
    with tarfile.open(folder / "shard-000000.tar") as tar:
        assert tar.getnames()[:3] == ["00000.faces.npy", "00000.sound.npy", "00000.json"]


def test_the_same_samples_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_tar_shards(_samples(50), tmp_path / "again", shard_bytes=5000)
    for path in folder.glob("*.tar"):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


@pytest.mark.parametrize(("processes", "workers"), [(1, 0), (3, 0), (2, 2)])
def test_no_sample_is_read_twice_and_all_have_equally_many(
    folder: Path, processes: int, workers: int
) -> None:
    streams = [TarShardStream(str(folder), 1, rank, processes, 8) for rank in range(processes)]
    parts = [_keys(stream, workers) for stream in streams]
    assert {len(part) for part in parts} == {streams[0].length(workers)}
    counts = Counter(key for part in parts for key in part)
    assert max(counts.values()) == 1
    assert len(counts) > 50 - processes * max(1, workers)  # the rest that cannot be shared


def test_epochs_differ_and_the_order_is_shuffled_across_shards(folder: Path) -> None:
    stream = TarShardStream(str(folder), buffer=8)
    first = _keys(stream)
    assert first == _keys(stream) and first != sorted(first)
    stream.set_epoch(1)
    second = _keys(stream)
    assert first != second and sorted(first) == sorted(second)
    assert first[:5] != second[:5]


def test_resumed_within_an_epoch_it_goes_on_where_it_was(folder: Path) -> None:
    stream = TarShardStream(str(folder), seed=3, buffer=8)
    whole = _keys(stream)
    stream.set_epoch(0, done=17)
    assert _keys(stream) == whole[17:]


def test_any_address_of_fsspec_is_read(folder: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in folder.iterdir():
        memory.pipe(f"/bucket/train/{path.name}", path.read_bytes())
    assert _keys(TarShardStream("memory://bucket/train")) == _keys(TarShardStream(str(folder)))


@pytest.mark.parametrize("keys", [["a", "a"], ["a.b"], ["a/b"], []])
def test_keys_that_cannot_be_told_apart_are_refused(tmp_path: Path, keys: list[str]) -> None:
    samples = [sample._replace(key=key) for sample, key in zip(_samples(2), keys, strict=False)]
    with pytest.raises(ManifestError):
        write_tar_shards(samples, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_and_a_damaged_shard_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ManifestError, match="expected a folder of training shards"):
        read_index(str(tmp_path))
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("00000.json"))
    with pytest.raises(ManifestError, match="damaged sample"):
        list(read_shard(str(tmp_path), "bad.tar"))
