"""Batches of shards: different videos, none twice over processes and workers, resumed within an epoch."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_shards import tiny_samples, write_tiny_shards
from torch.utils.data import DataLoader

from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.training.dataset import PairBatch
from pins_plugin.data.training.tar_shards import ClipForm, read_index, write_index
from pins_plugin.errors import ManifestError, PinsError
from pins_plugin.samplers import shard_batches
from pins_plugin.samplers.shard_batches import ShardBatches, shuffle_within

FORM = ClipForm(8)


@pytest.fixture(autouse=True)
def few_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_batches, "SHUFFLE_WINDOW", 16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shards")
    write_tiny_shards(path, tiny_samples(60))
    return path


def _open(folder: Path, batch_size: int = 4, **options: int) -> ShardBatches:
    return ShardBatches(str(folder), batch_size, 0.003, FORM, **options)


def _load(batches: ShardBatches) -> list[PairBatch]:
    workers = batches.workers if batches.workers > 1 else 0
    return list(DataLoader(batches, batch_size=None, num_workers=workers))


def _positions(found: list[PairBatch]) -> list[list[int]]:
    return [batch.positions.tolist() for batch in found]


def test_a_clip_brings_its_own_picture_and_sound(folder: Path) -> None:
    samples = tiny_samples(60)
    for batch in _load(_open(folder)):
        assert batch.faces.shape == (4, 3, 8, 8) and batch.waveforms.shape == (4, 48)
        for face, sound, position in zip(*batch, strict=True):
            sample = samples[int(position)]
            assert (sample.faces == face.numpy()).all(axis=(1, 2, 3)).any()
            text = sample.sound.tobytes()
            assert sound.numpy().tobytes() in text


@pytest.mark.parametrize(("processes", "workers"), [(1, 0), (2, 0), (2, 2)])
def test_no_clip_is_read_twice_and_videos_of_a_batch_differ(
    folder: Path, processes: int, workers: int
) -> None:
    streams = [
        _open(folder, seed=1, rank=rank, num_processes=processes, num_workers=workers)
        for rank in range(processes)
    ]
    parts = [_positions(_load(stream)) for stream in streams]
    assert {len(part) for part in parts} == {len(streams[0])}
    counts = Counter(position for part in parts for batch in part for position in batch)
    assert max(counts.values()) == 1
    assert len(counts) >= 60 - 6 * processes * max(1, workers)  # the rest, which fills no batch
    for part in parts:
        assert all(len({position // 3 for position in batch}) == len(batch) for batch in part)


def test_epochs_differ_and_shards_are_mixed(folder: Path) -> None:
    batches = _open(folder)
    first = _positions(_load(batches))
    assert first == _positions(_load(batches))
    batches.set_epoch(1)
    second = _positions(_load(batches))
    assert first != second
    assert any(len({position // 7 for position in batch}) > 2 for batch in first)


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("done", [1, 5])
def test_resumed_within_an_epoch_it_goes_on_where_it_was(
    folder: Path, workers: int, done: int
) -> None:
    batches = _open(folder, seed=3, num_workers=workers)
    whole = _load(batches)
    batches.done = done
    rest = _load(batches)
    assert _positions(rest) == _positions(whole)[done:]
    for batch, other in zip(rest, whole[done:], strict=True):
        assert torch.equal(batch.faces, other.faces)
        assert torch.equal(batch.waveforms, other.waveforms)


def test_shuffling_keeps_everything_and_nothing_comes_too_early() -> None:
    items = list(range(1000))
    found = list(shuffle_within(items, 50, np.random.default_rng(0)))
    assert sorted(found) == items and found != items
    assert all(item - place < 50 for place, item in enumerate(found))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 1}, "at least 2"),
        ({"batch_size": 3, "num_processes": 2}, "multiple of 2"),
        ({"batch_size": 21}, "60 clips of 20 videos"),
        ({"batch_size": 8, "num_workers": 12}, "12 readers"),
    ],
)
def test_batches_that_cannot_be_filled_are_refused(
    folder: Path, options: dict[str, int], message: str
) -> None:
    with pytest.raises(PinsError, match=message):
        _open(folder, **options)


def test_other_pictures_and_lost_clips_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PinsError, match="--image_size 8"):
        ShardBatches(str(folder), 4, 1.0, ClipForm(64))
    with pytest.raises(PinsError, match=r"read_faces .*load_faces, got None"):
        ShardBatches(str(folder), 4, 1.0, ClipForm(8, read_faces=load_faces))
    write_tiny_shards(tmp_path, tiny_samples(14))
    rows = read_index(str(tmp_path))["shards"]
    (tmp_path / rows[1]["name"]).write_bytes((tmp_path / rows[0]["name"]).read_bytes())
    more = {**rows[0], "samples": 8, "videos": [*rows[0]["videos"], ("v9", 1)]}
    write_index(tmp_path, [more, rows[1]], {"image_size": 8})
    with pytest.raises(ManifestError, match="fewer clips than its index says"):
        _load(_open(tmp_path, batch_size=2))
