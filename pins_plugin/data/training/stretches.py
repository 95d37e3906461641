"""Endless batches of stretches, drawn from clips of people by seed and epoch."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import IterableDataset


class DrawnBatches(IterableDataset):
    """Batches that seed and epoch determine; each kind says how one is drawn.

    Attributes
    ----------
    done : int
        Batches of the epoch that are passed over, since a former run had them.
    """

    def __init__(self, steps_per_epoch: int, seed: int) -> None:
        self.steps_per_epoch = steps_per_epoch
        self.seed = seed
        self.epoch = self.done = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, which changes what is drawn."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps_per_epoch

    def __iter__(self) -> Iterator[Any]:
        return self._drawn(self.done, self.steps_per_epoch)

    def _drawn(self, first: int, end: int) -> Iterator[Any]:
        """Draw `end` batches, and give them from `first` on."""
        generator = self.make_generator()
        for step in range(end):
            batch = self.draw(generator)
            if step >= first:
                yield batch

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
    draw : callable, optional
        Maps the run's generator to a batch.
    """

    def __init__(
        self,
        num_steps: int,
        steps_per_epoch: int,
        seed: int,
        draw: Callable[[torch.Generator], Any] | None = None,
    ) -> None:
        super().__init__(steps_per_epoch, seed)
        self.num_steps = num_steps
        if draw is not None:
            self.draw = draw  # type: ignore[assignment, method-assign]

    def __iter__(self) -> Iterator[Any]:
        """Go on where the epoch before ended."""
        first = (self.epoch - 1) * self.steps_per_epoch
        end = min(first + self.steps_per_epoch, self.num_steps)
        return self._drawn(first + self.done, end)

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
    total = sum(weights)
    return [weight / total for weight in weights]


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
