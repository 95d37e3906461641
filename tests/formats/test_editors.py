"""Editors: what is written is read by opentimelineio and its adapters, at the usual rates, right to the frame."""

import re
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.boxes import Picture
from pins_plugin.formats.editors import make_markers, to_edl, to_fcp7_xml, to_otio
from pins_plugin.formats.timecode import to_frame

RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]


@pytest.fixture(params=RATES, ids=lambda rate: f"{float(rate):.3f}")
def picture(request: pytest.FixtureRequest) -> Picture:
    return Picture(1920, 1080, request.param)


@pytest.fixture
def hour(make: object) -> LinkedVideo:
    """A turn every 37 s of an hour, where drop-frame is nearly four seconds away from counting all."""
    base = make().turns[0].__dict__  # type: ignore[operator]
    turns = [base | {"start": 37.013 * number, "end": 37.013 * number + 5} for number in range(97)]
    return make(links=turns, tracks=[], duration=3600.0)  # type: ignore[operator]


def test_edl_markers_are_on_their_frames(hour: LinkedVideo, picture: Picture) -> None:
    text = to_edl(hour, picture)
    events = re.findall(r"^(\d{3,})  001 +V +C +(\S+) (\S+) (\S+) (\S+)$", text, re.MULTILINE)
    assert len(events) == len(hour.turns)

    def parse(text: str) -> float:
        return otio.opentime.from_timecode(text, float(picture.rate)).value

    start = parse("01:00:00" + (";00" if ";" in events[0][1] else ":00"))
    for (_, first, after, *record), turn in zip(events, hour.turns, strict=True):
        assert parse(first) - start == to_frame(turn.start, picture.rate)
        assert parse(after) == parse(first) + 1
        assert [first, after] == record
    drop = picture.rate in RATES[2:]
    assert ("FCM: DROP FRAME" in text) == drop == (";" in events[0][1])


def test_cmx_adapter_reads_the_edl(linked: LinkedVideo, picture: Picture) -> None:
    read = otio.adapters.read_from_string(to_edl(linked, picture), "cmx_3600", rate=float(picture.rate))  # fmt: skip
    clips = list(read.find_clips())
    assert len(clips) == len(linked.turns)
    assert all(clip.source_range.duration.value == 1 for clip in clips)


def test_edl_marker_lines_are_what_resolve_reads(told: LinkedVideo, picture: Picture) -> None:
    lines = [line for line in to_edl(told, picture).splitlines() if line.startswith(" |")]
    pattern = re.compile(r" \|C:ResolveColor[A-Z][a-z]+ \|M:([^|]+) \|D:(\d+)")
    read = [pattern.fullmatch(line) for line in lines]
    assert all(read)
    assert len(lines) == len(make_markers(told, picture))
    assert int(read[0][2]) == to_frame(4.0, picture.rate) - to_frame(1.0, picture.rate)  # type: ignore[index]


def test_fcp_adapter_reads_sequence_and_markers(told: LinkedVideo, picture: Picture, tmp_path: Path) -> None:  # fmt: skip
    text = to_fcp7_xml(told, picture)
    timeline = otio.adapters.read_from_string(text, "fcp_xml")
    timeline = timeline[0] if isinstance(timeline, otio.schema.SerializableCollection) else timeline
    markers = timeline.tracks.markers
    wanted = make_markers(told, picture)
    assert [(marker.name, int(marker.marked_range.start_time.value)) for marker in markers] == [(marker.name, marker.frame) for marker in wanted]  # fmt: skip
    assert [int(marker.marked_range.duration.value) for marker in markers] == [marker.num_frames for marker in wanted]  # fmt: skip
    assert markers[0].marked_range.start_time.rate == pytest.approx(float(picture.rate), abs=0.01)
    [video] = timeline.video_tracks()
    assert video[0].source_range.duration.value == to_frame(12.0, picture.rate)
    url = ElementTree.fromstring(text.split("<!DOCTYPE xmeml>")[1]).findtext(".//pathurl")
    assert unquote(url).endswith("talk/a, b & <c>.mp4")  # type: ignore[arg-type]


def test_otio_comes_back(told: LinkedVideo, picture: Picture) -> None:
    timeline = otio.adapters.read_from_string(to_otio(told, picture), "otio_json")
    [clip] = timeline.find_clips()
    wanted = make_markers(told, picture)
    assert [(m.name, m.comment, m.marked_range.start_time.value) for m in clip.markers] == [(m.name, m.text, m.frame) for m in wanted]  # fmt: skip


def test_two_turns_on_one_frame_are_two_markers(make: object, picture: Picture) -> None:
    base = make().turns[0].__dict__  # type: ignore[operator]
    turns = [base | {"start": 1.0, "end": 2.0, "speaker": name, "person": name} for name in "abc"]
    markers = make_markers(make(links=turns), picture)  # type: ignore[operator]
    frames = [marker.frame for marker in markers]
    assert len(set(frames)) == 3 and max(frames) - min(frames) == 2
    assert [marker.name for marker in markers] == ["a", "b", "c"]


def test_nobody_speaks_is_a_file_too(empty: LinkedVideo, picture: Picture) -> None:
    assert "001" not in to_edl(empty, picture)
    assert "<marker>" not in to_fcp7_xml(empty, picture)
    assert [*otio.adapters.read_from_string(to_otio(empty, picture), "otio_json").find_clips()]
