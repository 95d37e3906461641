"""One thread for networks on a processor, so that results do not depend on how many there are."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch work with one thread meanwhile; as a decorator too.

    Sums are rounded otherwise when another number of threads share them, by some 1e-7, and a link that is hardly surer
    than another one may turn. Videos are decoded by threads of their own, and several videos by several processes.

    Examples
    --------
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
