"""A limit on what a stranger's arguments may build: huge shapes are refused before memory is touched."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

LARGEST_MODULE = 8 * 2**30  # bytes of all tensors that are made on the way
MOST_OPERATIONS = 50_000


class MemoryBudget(TorchDispatchMode):
    """Raise MemoryError before more than `largest` bytes of tensors, or by more than `most` operations, are made.

    What is freed again counts as well.

    Examples
    --------
    >>> with MemoryBudget(largest=1000):
    ...     torch.zeros(1000)
    Traceback (most recent call last):
    ...
    MemoryError: more than 1000 bytes of tensors
    """

    def __init__(self, largest: int = LARGEST_MODULE, most: int = MOST_OPERATIONS) -> None:
        super().__init__()
        self.largest, self.most = largest, most
        self.spent = self.operations = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spare torch the import of its compiler (two seconds), which nothing here needs."""
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Count, then run."""
        self.operations += 1
        if self.operations > self.most:
            raise MemoryError(f"more than {self.most} operations")
        if not func._schema.is_mutable and not func.is_view:
            self.spent += _expected_size(args)
        if self.spent > self.largest:
            raise MemoryError(f"more than {self.largest} bytes of tensors")
        return func(*args, **(kwargs or {}))


def _expected_size(args: Sequence[Any]) -> int:
    """Bytes of what an operation makes: what its inputs broadcast to, or what it is asked for."""
    tensors = [value for value in args if isinstance(value, torch.Tensor)]
    if tensors:
        width = max(tensor.element_size() for tensor in tensors)
        try:
            return width * prod(torch.broadcast_shapes(*(tensor.shape for tensor in tensors)))
        except RuntimeError:  # not an operation on pairs of numbers
            return width * max(tensor.numel() for tensor in tensors)
    sizes = [value for value in args if isinstance(value, list | tuple)]
    if sizes and all(isinstance(value, int) for value in sizes[0]):
        return 4 * prod(sizes[0])
    return 4 * max((int(value) for value in args if isinstance(value, int | float)), default=0)
