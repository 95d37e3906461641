"""Items that are made ahead come in order, errors in their place, and nothing runs on afterwards."""

import threading
from collections.abc import Iterator

import pytest

from pins_plugin.utils.prefetch import prefetch


def test_items_are_made_while_another_is_worked_on() -> None:
    made = threading.Semaphore(0)

    def numbers() -> Iterator[int]:
        for number in range(5):
            made.release()
            yield number

    found = prefetch(numbers(), ahead=2)
    assert next(found) == 0
    for _ in range(3):  # the one that was asked for, and two ahead
        assert made.acquire(timeout=600)
    assert list(found) == [1, 2, 3, 4]


def test_an_error_comes_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("damaged")

    found = prefetch(broken(), ahead=4)
    assert next(found) == 1
    with pytest.raises(ValueError, match="damaged"):
        next(found)


def test_who_stops_early_leaves_no_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    threads = threading.active_count()
    found = prefetch(endless())
    assert next(found) == 0
    found.close()
    assert threading.active_count() == threads
    assert closed.wait(timeout=600)
