"""Progress bars that keep quiet where nobody looks."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(
    items: Iterable[T], description: str, *, total: int | None = None, quiet: bool = False
) -> Iterator[T]:
    """Iterate over `items` with a bar on standard error (a line every ten seconds when it is no terminal)."""
    if quiet:  # without tqdm, whose lock over processes a worker that is killed would leave behind
        return iter(items)
    interval = 0.1 if sys.stderr.isatty() else 10.0
    return iter(tqdm(items, desc=description, total=total, mininterval=interval, leave=False))
