"""Items made ahead by a thread of their own, where making them leaves the interpreter to others (decoding does)."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
END: Any = object()


def prefetch(items: Iterable[T], ahead: int = 8) -> Iterator[T]:
    """Iterate over `items`, up to `ahead` of which are made while one is worked on; errors come where they belong.

    Examples
    --------
    >>> list(prefetch(range(3), ahead=2))
    [0, 1, 2]
    """
    iterator = iter(items)
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = deque(pool.submit(next, iterator, END) for _ in range(ahead))
        try:
            while (item := coming.popleft().result()) is not END:
                coming.append(pool.submit(next, iterator, END))
                yield item
        finally:
            pool.shutdown(cancel_futures=True)
