"""Simple ways to link, by hand."""

import numpy as np
import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.evaluation.baselines import (
    by_chance,
    by_presence,
    by_score,
    cut_turns,
    largest_face,
    link_by_network,
    link_turns,
)


def _track(name: str, person: str, start: float, end: float, size: float) -> LinkedTrack:
    boxes = np.array([[0, 0, size, size]] * 2, float)
    return LinkedTrack(name, person, np.array([start, end]), boxes)


TRACKS = [
    _track("T0", "P0", 0, 4, 50),
    _track("T1", "P1", 0, 8, 80),
    _track("T2", "P2", 4, 8, 90),
]


def _turns(*rows: tuple[float, float, str]) -> Annotation:
    turns = Annotation()
    for number, (start, end, label) in enumerate(rows):
        turns[Segment(start, end), number] = label
    return turns


def _named(links: dict) -> list[tuple[float, float, str | None]]:
    return [(link["start"], link["end"], link["person"]) for link in links["links"]]


def test_turns_are_cut_where_faces_come_and_go() -> None:
    parts = cut_turns(_turns((1, 6, "S")), TRACKS)
    assert [(p.start, p.end, [t.track for t in p.shown]) for p in parts] == [
        (1, 4, ["T0", "T1"]),
        (4, 6, ["T1", "T2"]),
    ]
    assert len(cut_turns(_turns((3.9, 6, "S")), TRACKS)) == 1  # 0.1 s is too short


def test_largest_face() -> None:
    links = link_turns(_turns((1, 6, "S")), TRACKS, 8.0, largest_face)
    assert _named(links) == [(1, 4, "P1"), (4, 6, "P2")]
    LinkedVideo.from_links(links)
    assert _named(link_turns(_turns((1, 6, "S")), [], 8.0, largest_face)) == [(1, 6, None)]


def test_best_score_and_what_has_none() -> None:
    scores = {"T0": 0.3, "T1": -2.0}
    links = link_turns(_turns((1, 6, "S")), TRACKS, 8.0, by_score(lambda t, *_: scores.get(t)))
    assert _named(links) == [(1, 4, "P0"), (4, 6, "P1")]


def test_chance_is_even_and_seeded() -> None:
    turns = _turns(*((0.001 * n, 3.0, f"S{n}") for n in range(900)))
    people = [person for _, _, person in _named(link_turns(turns, TRACKS, 8.0, by_chance(1)))]
    again = [person for _, _, person in _named(link_turns(turns, TRACKS, 8.0, by_chance(1)))]
    assert people == again
    assert all(250 < people.count(person) < 350 for person in ("P0", "P1", None))


def test_presence_gives_each_speaker_the_person_seen_meanwhile() -> None:
    turns = _turns((0, 4, "A"), (4, 7, "B"), (7, 8, "A"))
    links = link_turns(turns, TRACKS, 8.0, by_presence(turns, TRACKS))
    assert _named(links) == [(0, 4, "P0"), (4, 7, "P2"), (7, 8, None)]


def test_overlapping_turns_are_linked_each() -> None:
    turns = _turns((0, 4, "A"), (2, 4, "B"))
    assert _named(link_turns(turns, TRACKS, 8.0, largest_face)) == [(0, 4, "P1"), (2, 4, "P1")]


def test_network_links_each_face_while_it_scores() -> None:
    times = np.arange(100) * 0.04
    values = np.where((times >= 1) & (times < 2), 1.0, -1.0)
    links = link_by_network({"T0": (times, values), "T1": (times, -values)}, TRACKS, 8.0)
    assert _named(links) == [
        (0.0, pytest.approx(1.0), "P1"),
        (pytest.approx(1.0), pytest.approx(2.0), "P0"),
        (pytest.approx(2.0), pytest.approx(4.0), "P1"),
    ]
    LinkedVideo.from_links(links)


def test_one_face_at_a_time_is_the_one_of_the_largest_score() -> None:
    times = np.arange(100) * 0.04
    first = np.where(times < 1, 2.0, 0.5)
    scores = {"T0": (times, first), "T1": (times, np.ones(100)), "T2": (times[:0], times[:0])}
    both = link_by_network(scores, TRACKS, 8.0)
    assert len(_named(both)) == 2
    assert _named(link_by_network(scores, TRACKS, 8.0, one_at_a_time=True)) == [
        (0.0, pytest.approx(1.0), "P0"),
        (pytest.approx(1.0), pytest.approx(4.0), "P1"),
    ]
