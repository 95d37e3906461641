"""The checked view of links.json."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo, Timetable
from pins_plugin.data.links.links_file import read_links
from pins_plugin.errors import LinksError

TRACK = {"track": "T0", "person": "ANNA", "start": 1.0, "end": 3.0}
LINKS = {
    "version": 1,
    "video": "a.mp4",
    "duration": 4.0,
    "links": [
        {"start": 3, "end": 4, "speaker": "S1", "person": None, "box": None, "confidence": 0.5},
        {"start": 1, "end": 3, "speaker": "S0", "person": "ANNA", "box": [0, 0, 9, 9], "confidence": 1},
    ],
    "tracks": [{**TRACK, "boxes": [[1.0, 0, 0, 10, 10], [3.0, 20, 0, 30, 10]]}],
}  # fmt: skip


def test_linked_video_sorts_turns_and_names_everyone() -> None:
    linked = LinkedVideo.from_links(LINKS)
    assert [turn.start for turn in linked.turns] == [1, 3]
    assert (linked.person_labels, linked.speaker_labels) == (("ANNA",), ("S0", "S1"))
    assert linked.turns[1].status == "off screen"
    assert linked.name_of_speaker("S0") == "ANNA"
    assert linked.name_of_speaker("S1") is None


@pytest.mark.parametrize(("time", "left"), [(1.0, 0), (2.0, 10), (2.5, 15), (3.01, 20)])
def test_boxes_at_interpolates(time: float, left: float) -> None:
    [(person, box)] = LinkedVideo.from_links(LINKS).boxes_at(time)
    assert person == "ANNA"
    assert np.allclose(box, [left, 0, left + 10, 10])


def test_boxes_at_is_empty_outside_the_track() -> None:
    assert LinkedVideo.from_links(LINKS).boxes_at(3.2) == []


def test_tracks_without_a_person_keep_their_own_name() -> None:
    track = {"track": "T7", "person": None, "start": 0, "end": 0, "boxes": [[0, 1, 2, 3, 4]]}
    linked = LinkedVideo.from_links({**LINKS, "tracks": [track]})
    assert linked.tracks[0].person == "T7"
    assert np.allclose(linked.tracks[0].box_at(0.5), [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 1, got 2"),
        ({"links": [{"start": 0}]}, "person"),
        ({"links": [{**LINKS["links"][0], "start": 5}]}, "from 5.0 to 4.0"),
        ({"tracks": [{**TRACK, "boxes": []}]}, "no boxes"),
        ({"tracks": [{**TRACK, "boxes": [[1, 2, 3]]}]}, "form"),
        ({"tracks": 3}, "form"),
    ],
)
def test_from_links_says_what_is_wrong(change: dict, message: str) -> None:
    with pytest.raises(LinksError, match=message):
        LinkedVideo.from_links({**LINKS, **change})


def test_read_links_refuses_what_is_no_links_file(tmp_path: Path) -> None:
    with pytest.raises(LinksError, match="no such file"):
        read_links(tmp_path / "links.json")
    (tmp_path / "links.json").write_text("{")
    with pytest.raises(LinksError, match="not a JSON file"):
        read_links(tmp_path / "links.json")
    (tmp_path / "links.json").write_text(json.dumps(LINKS))
    found = read_links(tmp_path / "links.json")
    assert found["tracks"] == LINKS["tracks"] and found["notes"] == []
    for row, known in zip(found["links"], LINKS["links"], strict=True):
        assert {name: row[name] for name in known} == known


def test_a_timetable_finds_what_looking_at_everything_finds() -> None:
    generator = np.random.default_rng(0)
    starts = generator.uniform(0, 200, 60)
    spans = [(start, start + generator.exponential(15)) for start in starts]
    timetable = Timetable(spans)
    for time in generator.uniform(-5, 250, 200):
        near = [i for i in timetable.near(time) if spans[i][0] <= time < spans[i][1]]
        assert near == [i for i, (start, end) in enumerate(spans) if start <= time < end]


def _changed(**entries: object) -> str:
    return json.dumps({**LINKS, "links": [{**LINKS["links"][0], **entries}]})


@pytest.mark.parametrize(
    "text",
    [
        _changed(start=10**400),
        _changed(confidence=-(10**400)),
        _changed(box=[10**400] * 4),
        _changed(evidence={"sync": 10**400}),
        _changed(extra=float("nan")),
        json.dumps({**LINKS, "duration": 10**400}),
        json.dumps({**LINKS, "notes": 7}),
        json.dumps({**LINKS, "given_speakers": 7}),
    ],
)
def test_numbers_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "links.json").write_text(text)
    with pytest.raises(LinksError, match=r"links\.json: "):
        read_links(tmp_path / "links.json")


def test_whatever_is_read_can_be_written_as_a_table(tmp_path: Path) -> None:
    from pins_plugin.data.links.links_file import write_links_table

    odd = {"status": 1.5, "speaker": 7, "box": ["1", 2, 3, 4], "confidence": "0.5"}
    (tmp_path / "links.json").write_text(_changed(**odd, person="\ud800"))
    links = read_links(tmp_path / "links.json")
    write_links_table(tmp_path / "links.csv", links)
    row = (tmp_path / "links.csv").read_text(encoding="utf-8").splitlines()[1].split(",")
    assert row[2:6] == ["7", "'?", "1.5", "0.500"]
    del links["links"][0]["status"]
    (tmp_path / "links.json").write_text(json.dumps(links))
    assert read_links(tmp_path / "links.json")["links"][0]["status"] == "on screen"


def test_a_timetable_is_no_larger_than_its_spans() -> None:
    """One entry for every ten seconds of every span used to fill the memory for turns of eleven days."""
    spans = [(float(i), 1e6) for i in range(2000)]
    tracemalloc.start()
    timetable = Timetable(spans)
    assert len(timetable.near(1500.5)) == 1501
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
