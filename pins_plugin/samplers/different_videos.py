"""Batches of clips from different videos."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from pins_plugin.errors import PinsError


class DifferentVideosSampler(Sampler[list[int]]):
    """Put K clips from K different videos into each batch (Learnable PINs, section 3.2).

    Two clips of one video would be a false negative pair, and an easy one: same person, room and day. Every
    epoch uses each clip at most once; clips that fill no further batch wait for another epoch. The order depends on
    seed and epoch only.

    Parameters
    ----------
    videos : sequence of str
        Of each clip.
    batch_size : int
        K, over all processes together.
    rank, num_processes : int
        This process yields rows rank * K / num_processes, ... of each batch.

    Attributes
    ----------
    done : int
        Batches of the epoch that are passed over, since a former run had them.

    Raises
    ------
    PinsError
        When there are fewer than K videos, or K cannot be shared evenly.

    Examples
    --------
    >>> sampler = DifferentVideosSampler(["a", "a", "b", "b"], batch_size=2)
    >>> sorted(len({index // 2 for index in batch}) for batch in sampler)
    [2, 2]
    """

    def __init__(
        self,
        videos: Sequence[str],
        batch_size: int,
        seed: int = 0,
        rank: int = 0,
        num_processes: int = 1,
    ) -> None:
        num_videos = len(set(videos))
        if num_videos < batch_size:
            raise PinsError(
                f"batch_size: expected at most {num_videos} (the number of training videos, since a batch "
                f"takes one clip of each), got {batch_size}; give --batch_size {max(num_videos, 2)}"
            )
        self.share = share_batch(batch_size, num_processes)
        self.videos = np.unique(np.asarray(videos), return_inverse=True)[1]
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.epoch = self.done = 0
        self._length: tuple[int, int] | None = None

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        if self._length is None or self._length[0] != self.epoch:
            self._length = self.epoch, sum(1 for _ in self._global_batches())
        return self._length[1]

    def __iter__(self) -> Iterator[list[int]]:
        for batch in islice(self._global_batches(), self.done, None):
            yield batch[self.rank * self.share : (self.rank + 1) * self.share]

    def _global_batches(self) -> Iterator[list[int]]:
        """Deal a shuffled deck."""
        order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.videos))
        return deal_different(order.tolist(), self.videos, self.batch_size)


def share_batch(batch_size: int, num_processes: int) -> int:
    """Clips of a batch that each process takes.

    Raises
    ------
    PinsError
        When the batch is no pair, or cannot be shared evenly.
    """
    if batch_size < 2 or batch_size % num_processes:
        raise PinsError(
            f"batch_size: expected at least 2 and a multiple of {num_processes} (the number of processes), "
            f"got {batch_size}"
        )
    return batch_size // num_processes


def deal_different(
    order: Iterable[int], videos: NDArray[np.int64], size: int
) -> Iterator[list[int]]:
    """Deal clips, from the top, into hands of `size` different videos; `videos` (num_clips,) says which each is of.

    A clip whose video already lies in the hand waits for the next one; the last clips, which fill none, are left out.

    Examples
    --------
    >>> list(deal_different([0, 1, 2, 3], np.array([7, 7, 8, 9]), 2))
    [[0, 2], [1, 3]]
    """
    hand, waiting = _deal([], videos, size)
    for clip in order:
        video = int(videos[clip])
        if video in hand:
            waiting.append(clip)
        else:
            hand[video] = clip
        while len(hand) == size:
            yield list(hand.values())
            hand, waiting = _deal(waiting, videos, size)


def _deal(
    clips: list[int], videos: NDArray[np.int64], size: int
) -> tuple[dict[int, int], list[int]]:
    """Take a hand (video -> clip) from the top; the rest keeps its order."""
    hand: dict[int, int] = {}
    waiting = []
    for clip in clips:
        video = int(videos[clip])
        if video in hand or len(hand) == size:
            waiting.append(clip)
        else:
            hand[video] = clip
    return hand, waiting
