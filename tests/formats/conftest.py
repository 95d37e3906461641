"""A linked result with everything that makes formats stumble."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.boxes import Picture

ANNA, BEN, RTL = 'Anna "Ann" O\'Neil, <Dr>', "Ben | & {x}", "יעל כהן"


def turn(start: float, end: float, speaker: str, person: str | None, confidence: float) -> dict:
    return {"start": start, "end": end, "speaker": speaker, "person": person, "box": None, "confidence": confidence}  # fmt: skip


def word(start: float, end: float, text: str, segment: int = 0) -> dict:
    return {"start": start, "end": end, "text": text, "segment": segment}


def track(name: str, person: str, start: float, end: float, left: float) -> dict:
    times = [round(start + index / 25, 3) for index in range(round((end - start) * 25) + 1)]
    return {
        "track": name, "person": person, "start": start, "end": end,
        "boxes": [[time, left + time, 20.0, left + 60 + time, 100.0] for time in times],
    }  # fmt: skip


def make_links(**changes: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "video": "talk/a, b & <c>.mp4",
        "duration": 12.0,
        "links": [
            turn(1.0, 4.0, "S0", ANNA, 0.9),
            turn(3.5, 6.0, "S1", None, 0.6),  # off screen, over Anna's end
            turn(5.0, 6.5, "S2", BEN, 0.8),  # over S1
            turn(8.0, 9.0, "S3", RTL, 0.7),
        ],
        "tracks": [
            track("T1", ANNA, 0.48, 4.48, 30),
            track("T2", BEN, 4.52, 7.0, 200),
            track("T3", RTL, 0.48, 9.0, 120),
        ],
        **changes,
    }


WORDS = [
    word(1.0, 1.4, "Good"),
    word(1.5, 1.9, "evening,"),
    word(2.0, 2.2, "<b>all</b>"),
    word(3.6, 3.9, "you."),  # in overlap: Anna is likelier
    word(4.1, 4.5, "Thanks", 1),  # S1
    word(5.2, 5.5, "Thanks!", 2),  # S1 and Ben: Ben is likelier
    word(7.0, 7.2, "Hm.", 3),  # nobody's
    word(8.1, 8.6, "שלום", 4),
]


@pytest.fixture
def names() -> tuple[str, str, str]:
    """Anna's, Ben's and the one in Hebrew letters."""
    return ANNA, BEN, RTL


@pytest.fixture
def make() -> Callable[..., LinkedVideo]:
    """Reads a `links.json` with some entries changed."""
    return lambda **changes: LinkedVideo.from_links(make_links(**changes))


@pytest.fixture
def linked() -> LinkedVideo:
    return LinkedVideo.from_links(make_links())


@pytest.fixture
def told() -> LinkedVideo:
    """With a transcript."""
    return LinkedVideo.from_links(make_links(words=WORDS))


@pytest.fixture
def empty() -> LinkedVideo:
    return LinkedVideo.from_links(make_links(links=[], tracks=[]))


@pytest.fixture
def picture() -> Picture:
    return Picture(640, 360, Fraction(25))
