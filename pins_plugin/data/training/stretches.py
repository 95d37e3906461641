"""Endless batches of stretches, drawn from clips of people by seed and epoch."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import IterableDataset


class DrawnBatches(IterableDataset):
    """Batches that seed and epoch determine; each kind says how one is drawn.

    Parameters
    ----------
    num_batches : int
        Of an epoch.
    seed : int
    """

    def __init__(self, num_batches: int, seed: int) -> None:
        self.num_batches = num_batches
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, which changes what is drawn."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[Any]:
        generator = self.make_generator()
        for _ in range(self.num_batches):
            yield self.draw(generator)

    def make_generator(self) -> Any:
        """Give the random numbers of the epoch."""
        return torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)

    def draw(self, generator: Any) -> Any:
        """Draw a batch."""
        raise NotImplementedError


class OneLongRun(DrawnBatches):
    """Batches whose random numbers do not depend on where epochs begin; the last epoch may be shorter.

    Parameters
    ----------
    num_steps : int
        Of the whole run.
    num_batches : int
        Of an epoch.
    seed : int
    """

    def __init__(self, num_steps: int, num_batches: int, seed: int) -> None:
        super().__init__(num_batches, seed)
        self.num_steps = num_steps

    def __iter__(self) -> Iterator[Any]:
        """Go on where the epoch before ended."""
        generator = self.make_generator()
        first = (self.epoch - 1) * self.num_batches
        for step in range(min(first + self.num_batches, self.num_steps)):
            drawn = self.draw(generator)
            if step >= first:
                yield drawn

    def make_generator(self) -> Any:
        """Give the random numbers of the run."""
        return torch.Generator().manual_seed(self.seed)


def balance_people(people: Sequence[str], lengths: Sequence[int], balance: float) -> list[float]:
    """Probability of each piece: people by this power of how long they are seen, within a person by duration.

    With 0 all people are drawn alike, with 1 by duration, so that one person with hours need not outweigh many with seconds.

    Examples
    --------
    >>> balance_people(["a", "a", "b"], [1, 2, 1], balance=0.0)
    [0.16666666666666666, 0.3333333333333333, 0.5]
    """
    seconds: dict[str, float] = {}
    for person, length in zip(people, lengths, strict=True):
        seconds[person] = seconds.get(person, 0.0) + length
    weights = [
        length * seconds[person] ** (balance - 1)
        for person, length in zip(people, lengths, strict=True)
    ]
    return [weight / sum(weights) for weight in weights]


def read_at(rows: Tensor, places: Tensor) -> Tensor:
    """Read rows (num_rows, ...) at fractional places, linearly; beyond the ends, the first and the last row.

    Pixels (uint8) become numbers in [0, 1].
    """
    places = places.clamp(0, len(rows) - 1)
    before = places.floor().long().clamp(max=len(rows) - 2)
    weight = (places - before).reshape(-1, *[1] * (rows.dim() - 1))
    below, above = rows[before], rows[before + 1]
    if rows.dtype == torch.uint8:
        below, above = below.float() / 255, above.float() / 255
    return (1 - weight) * below + weight * above
