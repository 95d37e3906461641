"""Items made ahead by others; by threads, where making them leaves the interpreter to others (reading and decoding do)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import count, islice, takewhile
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")
END: Any = object()


def map_ahead(
    pool: Executor, make: Callable[[S], T], items: Iterable[S], ahead: int
) -> Iterator[T]:
    """Map in order, at most `ahead` results before they are asked for."""
    waiting = iter(items)
    pending = deque(pool.submit(make, item) for item in islice(waiting, ahead))
    while pending:
        result = pending.popleft().result()
        pending.extend(pool.submit(make, item) for item in islice(waiting, 1))
        yield result


def prefetch(items: Iterable[T], ahead: int = 8) -> Iterator[T]:
    """Iterate over `items`, up to `ahead` of which are made while one is worked on; errors come where they belong.

    Examples
    --------
    >>> list(prefetch(range(3), ahead=2))
    [0, 1, 2]
    """
    iterator = iter(items)
    with ThreadPoolExecutor(max_workers=1) as pool:
        made = map_ahead(pool, lambda _: next(iterator, END), count(), ahead)
        try:
            yield from takewhile(lambda item: item is not END, made)
        finally:
            pool.shutdown(cancel_futures=True)
