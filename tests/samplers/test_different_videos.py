"""Exact composition of many batches."""

import numpy as np
import pytest

from pins_plugin.errors import PinsError
from pins_plugin.samplers.different_videos import DifferentVideosSampler

EVEN = [f"v{index // 4}" for index in range(80)]
UNEVEN = [f"v{index}" for index in range(20)] + ["v0"] * 60


@pytest.mark.parametrize("videos", [EVEN, UNEVEN])
@pytest.mark.parametrize("batch_size", [2, 7, 20])
def test_batch_takes_different_videos_and_no_clip_twice(videos: list, batch_size: int) -> None:
    sampler = DifferentVideosSampler(videos, batch_size)
    for epoch in range(20):
        sampler.set_epoch(epoch)
        batches = list(sampler)
        assert len(batches) == len(sampler)
        assert all(len({videos[clip] for clip in batch}) == batch_size for batch in batches)
        used = [clip for batch in batches for clip in batch]
        assert len(used) == len(set(used))


def test_even_videos_are_used_almost_fully() -> None:
    sampler = DifferentVideosSampler(EVEN, 8)
    shares = []
    for epoch in range(50):
        sampler.set_epoch(epoch)
        shares.append(8 * len(sampler) / 80)
    assert np.mean(shares) > 0.9


def test_every_clip_has_its_turn() -> None:
    sampler = DifferentVideosSampler(UNEVEN, 10)
    used = set()
    for epoch in range(600):
        sampler.set_epoch(epoch)
        used |= {clip for batch in sampler for clip in batch}
    assert used == set(range(80))


def test_same_seed_and_epoch_same_order() -> None:
    def order(seed: int, epoch: int) -> list:
        sampler = DifferentVideosSampler(EVEN, 8, seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(0, 3) == order(0, 3)
    assert order(0, 3) != order(0, 4)
    assert order(0, 3) != order(1, 3)


def test_processes_share_the_global_batches() -> None:
    whole = list(DifferentVideosSampler(EVEN, 8))
    shares = [
        list(DifferentVideosSampler(EVEN, 8, rank=rank, num_processes=4)) for rank in range(4)
    ]
    assert [[*a, *b, *c, *d] for a, b, c, d in zip(*shares, strict=True)] == whole


@pytest.mark.parametrize(
    ("videos", "batch_size", "num_processes"),
    [(["a"] * 9, 2, 1), (EVEN, 21, 1), (EVEN, 1, 1), (EVEN, 9, 2)],
)
def test_impossible_batch_is_refused(videos: list, batch_size: int, num_processes: int) -> None:
    with pytest.raises(PinsError, match="batch_size"):
        DifferentVideosSampler(videos, batch_size, num_processes=num_processes)
