"""Batches out of tar shards: which clips meet is planned beforehand, and then read in one pass.

The samples of all shards, in an order of shards that seed and epoch choose, are one line, cut into equal lengths: one for each
reader (a loader worker of a process). A reader shuffles its length within a window, and deals clips of different videos into
batches. All of this needs the index only, so that every reader knows how many batches each of them has, and a run that was
stopped within an epoch goes on where it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import IterableDataset, get_worker_info

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.data.training.dataset import PairBatch, crop_pair, stack_pairs
from pins_plugin.data.training.tar_shards import ClipForm, read_index, read_shard
from pins_plugin.errors import ManifestError, PinsError
from pins_plugin.samplers.different_videos import deal_different, share_batch

SHUFFLE_WINDOW = 1000  # samples among which the next one is drawn, of which a picture and a stretch of sound are held


def share_samples(
    counts: Sequence[int], seed: int, epoch: int, reader: int, num_readers: int
) -> list[tuple[int, int, int]]:
    """Divide an epoch: spans (shard, first, end) of one reader, in shuffled order.

    Readers have equally many samples (the last few are left out), none has what another has, and few open the same shard.

    Examples
    --------
    >>> share_samples([3, 2], 0, 0, 0, 2), share_samples([3, 2], 0, 0, 1, 2)
    ([(0, 0, 2)], [(0, 2, 3), (1, 0, 1)])
    """
    order = np.random.default_rng((seed, epoch)).permutation(len(counts))
    length = sum(counts) // num_readers
    first, end = reader * length, (reader + 1) * length
    spans, place = [], 0
    for number in order.tolist():
        a, b = max(first - place, 0), min(end - place, counts[number])
        if a < b:
            spans.append((number, a, b))
        place += counts[number]
    return spans


def shuffle_within(
    items: Sequence[int], window: int, generator: np.random.Generator
) -> Iterator[int]:
    """Draw each next item among `window`, so that none comes more than so many places early."""
    held: list[int] = []
    for item in items:
        if len(held) < window:
            held.append(item)
            continue
        place = int(generator.integers(window))
        held[place], item = item, held[place]
        yield item
    for place in generator.permutation(len(held)):
        yield held[place]


class ShardBatches(IterableDataset):  # type: ignore[misc]
    """Batches of one process, of clips from different videos; several loader workers share them.

    Parameters
    ----------
    address : str
        Folder, or an address for fsspec.
    batch_size : int
        Over all processes together.
    seconds : float
        Of sound for each clip.
    num_workers : int
        Of the loader; 0: this process reads.

    Raises
    ------
    PinsError
        When the batch cannot be shared, or a reader's part has too few videos.
    """

    def __init__(
        self,
        address: str,
        batch_size: int,
        seconds: float,
        form: ClipForm,
        *,
        seed: int = 0,
        rank: int = 0,
        num_processes: int = 1,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        self.share = share_batch(batch_size, num_processes)
        index = read_index(address, "train")
        _check_form(address, index, form)
        self.address, self.form, self.seed = address, form, seed
        self.shards: list[dict[str, Any]] = index["shards"]
        self.num_samples = round(seconds * SAMPLE_RATE)
        self.rank, self.workers = rank, max(1, num_workers)
        self.num_readers = num_processes * self.workers
        self.counts = [shard["samples"] for shard in self.shards]
        self.starts = [0, *accumulate(self.counts)]
        self.videos = _number_videos(self.shards)
        self.epoch = self.done = 0
        self._least: tuple[int, int] | None = None
        if len(self) == 0:
            raise PinsError(
                f"batch_size: expected fewer than {batch_size}, or fewer processes and num_workers: a batch takes one clip of "
                f"each video, and {sum(self.counts)} clips of {len(np.unique(self.videos))} videos are shared by "
                f"{self.num_readers} readers"
            )

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        self.epoch = epoch
        len(self)  # counted once, before workers get a copy

    def __len__(self) -> int:
        """Batches of this process in this epoch."""
        if self._least is None or self._least[0] != self.epoch:
            plans = (self._plan(reader) for reader in range(self.num_readers))
            least = min(sum(1 for _ in plan) for plan in plans)
            self._least = self.epoch, least
        return self._least[1] * self.workers

    def __iter__(self) -> Iterator[PairBatch]:
        """Read; the loader takes a batch of each worker in turn, and the first is of the one whose turn it was."""
        info = get_worker_info()
        lane = ((info.id if info is not None else 0) + self.done) % self.workers
        had = (self.done - lane + self.workers - 1) // self.workers
        reader = self.rank * self.workers + lane
        plan = list(islice(self._plan(reader), had, len(self) // self.workers))
        samples = self._read(reader, {position for batch in plan for position in batch})
        held: dict[int, Any] = {}
        for batch in plan:
            while not all(position in held for position in batch):
                found = next(samples, None)
                if found is None:
                    raise ManifestError(
                        f"{self.address}: a shard holds fewer clips than its index says; write it anew"
                    )
                held[found[0]] = found[1]
            yield stack_pairs(batch, [held.pop(position) for position in batch])

    def _plan(self, reader: int) -> Iterator[list[int]]:
        """Positions that meet in each batch of a reader."""
        spans = share_samples(self.counts, self.seed, self.epoch, reader, self.num_readers)
        line = [self.starts[shard] + row for shard, a, b in spans for row in range(a, b)]
        generator = np.random.default_rng((self.seed, self.epoch, reader))
        shuffled = shuffle_within(line, SHUFFLE_WINDOW, generator)
        return deal_different(shuffled, self.videos, self.share)

    def _read(self, reader: int, wanted: set[int]) -> Iterator[tuple[int, Any]]:
        """Read the clips that are wanted, in the order in which they lie: position, and picture and sound."""
        spans = share_samples(self.counts, self.seed, self.epoch, reader, self.num_readers)
        for shard, a, b in spans:
            start = self.starts[shard]
            rows = [a <= row < b and start + row in wanted for row in range(self.counts[shard])]
            if not any(rows):
                continue
            samples = read_shard(self.address, self.shards[shard]["name"], self.form, rows)
            for position, sample in enumerate(samples, start):
                if sample is not None:
                    seeds = self.seed, self.epoch, position
                    yield position, crop_pair(sample.faces, sample.sound, self.num_samples, seeds)


def _check_form(address: str, index: Mapping[str, Any], form: ClipForm) -> None:
    """Refuse shards that were decoded into other pictures."""
    if "image_size" not in index:
        return  # media, which are decoded as they are wanted
    wanted = form.describe()
    for name in ("image_size", "read_faces"):
        if index.get(name) != wanted[name]:
            raise PinsError(
                f"{address}: expected pictures with {name} {wanted[name]}, got {index.get(name)}; write the shards anew, or "
                f"give --{name} {'null' if index.get(name) is None else index[name]}"
            )


def _number_videos(shards: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
    """Which video each sample comes from: (num_samples,)."""
    runs = [run for shard in shards for run in shard["videos"]]
    _, numbers = np.unique([video for video, _ in runs], return_inverse=True)
    return np.repeat(numbers, [count for _, count in runs]).astype(np.int64)
