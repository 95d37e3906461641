"""Which stretches make clips, and why the others do not."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import PinsError
from pins_plugin.formats.dataset_cut import (
    ClipFilters,
    choose_clips,
    estimate_yaw,
    left_out_table,
)


def _track(name: str, person: str, start: float, end: float, size: float = 100, frontality: float = 0.95) -> dict:  # fmt: skip
    times = np.arange(start, end + 0.01, 0.1).round(2).tolist()
    return {"track": name, "person": person, "quality": {"frontality": frontality}, "boxes": [[time, 0, 0, size, size] for time in times]}  # fmt: skip


def _turn(start: float, end: float, person: str | None, confidence: float = 0.95) -> dict:
    return {"start": start, "end": end, "speaker": f"S{person}", "person": person, "box": None, "confidence": confidence}  # fmt: skip


Make = Callable[..., LinkedVideo]
ALONE = {"links": [_turn(0, 10, "A")], "tracks": [_track("T1", "A", 0, 10)]}


def _reasons(linked: LinkedVideo, filters: ClipFilters | None = None) -> list[str]:
    return [each.reason for each in choose_clips(linked, filters or ClipFilters())[1]]


def test_one_face_that_speaks_is_a_clip(make: Make) -> None:
    [clip], left = choose_clips(make(**ALONE), ClipFilters())
    assert (clip.person, clip.start, clip.end, clip.size) == ("A", 0, pytest.approx(10), 100)
    assert left == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"links": [_turn(0, 10, "A", 0.5)]}, "confidence 0.50"),
        ({"tracks": [_track("T1", "A", 0, 10, size=60)]}, "a face of 60 pixels"),
        ({"tracks": [_track("T1", "A", 0, 10, frontality=0.0)]}, "turned away by 40 degrees"),
        ({"links": [_turn(0, 10, None)]}, "no face is linked"),
        ({"links": [_turn(0, 2, "A")]}, "2.00 s long"),
        ({"links": [_turn(0, 10, "A"), _turn(0, 10, "B")]}, "somebody else speaks"),
        ({"tracks": [_track("T1", "A", 0, 10), _track("T2", "B", 0, 10)]}, "another face"),
        ({"tracks": [_track("T1", "A", 0, 4)]}, "the face is not in the picture"),
    ],
)
def test_what_is_left_out_has_its_reason(make: Make, changes: dict, reason: str) -> None:
    filters = ClipFilters(max_yaw=30)
    assert any(each.startswith(reason) for each in _reasons(make(**{**ALONE, **changes}), filters))


def test_filters_that_are_off_leave_nothing_out(make: Make) -> None:
    linked = make(
        links=[_turn(0, 10, "A", 0.1), _turn(0, 10, "B", 0.1)],
        tracks=[_track("T1", "A", 0, 10, 20, 0.0), _track("T2", "B", 0, 10, 20, 0.0)],
    )
    everything = ClipFilters(0.1, 100, False, 0, 90, 0, True)
    clips, left = choose_clips(linked, everything)
    assert (len(clips), left) == (2, [])


def test_bad_parts_are_cut_out_and_the_rest_is_kept(make: Make) -> None:
    linked = make(links=[_turn(0, 10, "A"), _turn(4, 5, "B")], tracks=[_track("T1", "A", 0, 10)])
    clips, left = choose_clips(linked, ClipFilters())
    assert [(clip.start, round(clip.end, 2)) for clip in clips] == [(0, 4), (5, 10)]
    assert ("somebody else speaks too", 4.0, 5.0) in [(each.reason, each.start, each.end) for each in left]  # fmt: skip


def test_long_stretches_are_divided(make: Make) -> None:
    linked = make(duration=40.0, links=[_turn(0, 40, "A")], tracks=[_track("T1", "A", 0, 40)])
    clips, left = choose_clips(linked, ClipFilters())
    assert [round(clip.end - clip.start, 2) for clip in clips] == [pytest.approx(40 / 3, abs=0.02)] * 3  # fmt: skip
    assert left == []


def test_what_is_over_the_longest_and_too_short_alone_has_its_reason(make: Make) -> None:
    linked = make(duration=16.0, links=[_turn(0, 16, "A")], tracks=[_track("T1", "A", 0, 16)])
    [clip], [rest] = choose_clips(linked, ClipFilters(min_seconds=10, max_seconds=15))
    assert (clip.start, clip.end, rest.start, rest.end) == (0, 15, 15, 16)
    assert rest.reason == "over 15 s, the rest too short for a clip"


def test_clips_and_reasons_make_up_all_turns(make: Make) -> None:
    """Nothing is both, and nothing is lost, in a scene with everything."""
    linked = make(
        duration=30.0,
        links=[_turn(0, 9, "A"), _turn(7, 15, "B"), _turn(16, 28, "A"), _turn(28.5, 29, None)],
        tracks=[_track("T1", "A", 0, 12), _track("T2", "B", 6, 14), _track("T3", "A", 17, 28), _track("T4", "B", 20, 22)],
    )  # fmt: skip
    clips, left = choose_clips(linked, ClipFilters(min_seconds=1))
    total = sum(turn.end - turn.start for turn in linked.turns)
    covered = sum(each.end - each.start for each in (*clips, *left))
    assert covered == pytest.approx(total, abs=0.3)


def test_the_table_names_every_reason(make: Make) -> None:
    _, left = choose_clips(make(links=[_turn(0, 10, None)]), ClipFilters())
    lines = left_out_table([("=a.mp4", left[0])]).splitlines()
    assert lines[1] == "'=a.mp4,0.000,10.000,SNone,,no face is linked to this voice"


def test_yaw_grows_as_frontality_falls() -> None:
    angles = [estimate_yaw(frontality) for frontality in (1.0, 0.8, 0.5, 0.0)]
    assert angles == sorted(angles) and angles[0] == 0


def test_lengths_must_make_sense() -> None:
    with pytest.raises(PinsError, match="lengths"):
        replace(ClipFilters(), max_seconds=1)
