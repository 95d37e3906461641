"""Pairs come from one clip, crops depend on seed, epoch and clip, and nobody's name is in them."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_clips import write_tiny_clips
from torch.utils.data import DataLoader

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.training.dataset import (
    PairDataset,
    cut_sound,
    steady_crop,
)
from pins_plugin.data.training.shards import ClipForm, prepare_shards


@pytest.fixture
def clips(tmp_path: Path) -> list:
    return read_manifest(write_tiny_clips(tmp_path / "clips", 4, 2))


@pytest.fixture
def shards(clips: list, tmp_path: Path):
    return prepare_shards(clips, tmp_path / "cache", ClipForm(32, 2), quiet=True)


def test_pair_comes_from_one_clip(shards) -> None:
    dataset = PairDataset(shards, seconds=0.25)
    assert len(dataset) == 8
    batch = dataset[range(8)]
    assert batch.positions.tolist() == list(range(8))
    for face, waveform, position in zip(*batch[:2], range(8), strict=True):
        assert any(np.array_equal(face, frame) for frame in shards.faces(position))
        sound = shards.sound(position).tobytes()
        assert waveform.numpy().tobytes() in sound


def test_no_identity_in_the_dataset(shards) -> None:
    """It is given pictures and sound by position, and a batch holds no more."""
    dataset = PairDataset(shards, seconds=0.25)
    assert set(vars(dataset)) == {"shards", "num_samples", "seed", "epoch", "positions"}
    assert set(vars(shards)) == {"_folders", "_faces", "_sound", "_starts", "skipped"}
    assert dataset[[0, 1]]._fields == ("faces", "waveforms", "positions")


def test_crop_depends_on_seed_epoch_and_clip_only(shards) -> None:
    def draw(seed: int, epoch: int, order: list[int]) -> dict[int, bytes]:
        dataset = PairDataset(shards, seconds=0.25, seed=seed)
        dataset.set_epoch(epoch)
        return {position: dataset.crop(position)[1].numpy().tobytes() for position in order}

    assert draw(0, 1, list(range(8))) == draw(0, 1, list(range(8))[::-1])
    assert draw(0, 1, [3]) != draw(0, 2, [3])
    assert draw(0, 1, [3]) != draw(1, 1, [3])


def test_unreadable_clip_is_left_out(shards) -> None:
    shards.skipped[2] = "broken"
    dataset = PairDataset(shards, seconds=0.25)
    assert dataset[range(len(dataset))].positions.tolist() == [0, 1, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("length", [1, 5, 8])
def test_short_sound_is_repeated(length: int) -> None:
    cut = cut_sound(np.arange(length, dtype=np.int16), 0, 8)
    assert cut.tolist() == [index % length for index in range(8)]


def test_steady_crop_is_the_middle(shards) -> None:
    faces, waveform = steady_crop(shards, 5, 0.25)
    assert faces.shape == (2, 3, 32, 32)
    middle = shards.sound(5)[4000:8000]
    assert torch.equal(waveform, torch.from_numpy(np.array(middle)))


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_read_what_the_process_itself_reads(shards, start: str) -> None:
    """macOS and Windows spawn workers, which get a pickled copy of the data set."""
    dataset = PairDataset(shards, seconds=0.25, seed=3)
    loaders = [
        DataLoader(
            dataset,
            batch_size=None,
            sampler=[[0, 5, 2], [7, 1, 3]],
            num_workers=workers,
            multiprocessing_context=start if workers else None,
        )
        for workers in (0, 1)
    ]
    expected, found = (list(loader) for loader in loaders)
    assert len(found) == 2
    for one, other in zip(expected, found, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_pickled_data_set_holds_no_clips(shards) -> None:
    dataset = PairDataset(shards, seconds=0.25)
    assert len(pickle.dumps(dataset)) < 20_000 < sum(shards.faces(i).nbytes for i in range(8))
