"""Where to cut: the speaker stays in the window, steadily, and the window in the picture."""

import csv
from collections.abc import Callable
from io import StringIO

import numpy as np
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import PinsError
from pins_plugin.formats.crop_path import (
    SHORT_TURN,
    face_windows,
    follow_speaker,
    parse_shape,
    speaking_stretches,
    to_crop_path,
)

TIMES = np.arange(0, 10, 0.04)


def _track(name: str, person: str, left: float, start: float = 0, end: float = 10, shot: int = 0, shake: float = 0) -> dict:  # fmt: skip
    generator = np.random.default_rng(0)
    rows = []
    for time in np.arange(start, end + 0.01, 0.04):
        x = left + shake * generator.standard_normal()
        rows.append([round(float(time), 3), x, 100, x + 80, 200])
    return {"track": name, "person": person, "shot": shot, "boxes": rows}


def _turn(start: float, end: float, person: str | None) -> dict:
    return {"start": start, "end": end, "speaker": f"S{person}", "person": person, "box": None, "confidence": 0.9}  # fmt: skip


@pytest.fixture
def two(make: Callable[..., LinkedVideo]) -> LinkedVideo:
    """Left and right of a wide picture, in turns; a short word of the other in between."""
    turns = [_turn(0, 4, "L"), _turn(2, 2 + SHORT_TURN / 2, "R"), _turn(5, 9, "R"), _turn(9.2, 9.9, None)]  # fmt: skip
    return make(links=turns, tracks=[_track("T1", "L", 100), _track("T2", "R", 1000)])


@pytest.mark.parametrize("shape", [9 / 16, 1.0])
def test_the_speaker_is_in_the_window(two: LinkedVideo, shape: float) -> None:
    path = follow_speaker(two, TIMES, 1280, 720, shape)
    sizes = path.windows[:, 2:] - path.windows[:, :2]
    assert (sizes == sizes[0]).all() and (sizes % 2 == 0).all()
    assert sizes[0, 0] / sizes[0, 1] == pytest.approx(shape, abs=0.01)
    assert path.windows.min() >= 0
    assert path.windows[:, 2].max() <= 1280 and path.windows[:, 3].max() <= 720
    for frame, time in enumerate(TIMES):
        left = 100 if time < 5 else 1000  # held while nobody, or somebody for a moment, speaks
        assert path.windows[frame, 0] <= left and left + 80 <= path.windows[frame, 2], time


def test_the_window_jumps_once_and_does_not_shake(make: Callable[..., LinkedVideo]) -> None:
    tracks = [_track("T1", "L", 300, shake=6), _track("T2", "R", 1000, shake=6)]
    linked = make(links=[_turn(0, 5, "L"), _turn(5, 10, "R")], tracks=tracks)
    path = follow_speaker(linked, TIMES, 1280, 720, 9 / 16)
    steps = np.abs(np.diff(path.windows[:, 0]))
    assert (steps > 100).sum() == 1
    assert np.sort(steps)[:-1].max() <= 3


def test_a_near_face_is_panned_to(make: Callable[..., LinkedVideo]) -> None:
    tracks = [_track("T1", "L", 500), _track("T2", "R", 600)]
    linked = make(links=[_turn(0, 5, "L"), _turn(5, 10, "R")], tracks=tracks)
    path = follow_speaker(linked, TIMES, 1280, 720, 9 / 16)
    steps = np.abs(np.diff(path.windows[:, 0]))
    assert path.windows[-1, 0] - path.windows[0, 0] == pytest.approx(100, abs=2)
    assert steps.max() <= 4


def test_a_cut_is_never_panned_over(make: Callable[..., LinkedVideo]) -> None:
    tracks = [_track("T1", "L", 500, end=4.96), _track("T2", "L", 600, start=5.0, shot=1)]
    linked = make(links=[_turn(0, 10, "L")], tracks=tracks)
    path = follow_speaker(linked, TIMES, 1280, 720, 9 / 16)
    assert (np.abs(np.diff(path.windows[:, 0])) > 0).sum() == 1


def test_a_shot_in_which_nobody_speaks_shows_its_largest_face(make: Callable[..., LinkedVideo]) -> None:  # fmt: skip
    """And not the empty place where the one before was."""
    tracks = [_track("T1", "L", 100, end=4.96), _track("T2", "R", 1000, start=5.0, end=7.96, shot=1), _track("T3", "L", 100, start=8.0, shot=2)]  # fmt: skip
    linked = make(links=[_turn(0, 4, "L"), _turn(4, 9, None), _turn(9, 10, "L")], tracks=tracks)
    path = follow_speaker(linked, TIMES, 1280, 720, 9 / 16)
    for frame, time in enumerate(TIMES):
        left = 1000 if 5 <= time < 7.98 else 100
        assert path.windows[frame, 0] <= left and left + 80 <= path.windows[frame, 2], time


def test_without_faces_the_middle_is_taken(make: Callable[..., LinkedVideo]) -> None:
    path = follow_speaker(make(links=[], tracks=[]), TIMES, 1280, 720, 1.0)
    assert (path.windows[:, 0] == 280).all()
    assert set(path.people) == {None}


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (641, 361)])
def test_windows_fit_into_any_picture(two: LinkedVideo, size: tuple[int, int]) -> None:
    path = follow_speaker(two, TIMES, *size, 9 / 16)
    assert path.windows.min() >= 0
    assert path.windows[:, 2].max() <= size[0] and path.windows[:, 3].max() <= size[1]


def test_stretches_are_where_one_is_seen_and_speaks(make: Callable[..., LinkedVideo]) -> None:
    tracks = [_track("T1", "L", 100, 0, 3), _track("T2", "L", 100, 3.2, 8), _track("T3", "R", 500)]
    linked = make(links=[_turn(1, 5, "L"), _turn(4, 4.3, "R"), _turn(6, 7, None)], tracks=tracks)
    found = [(each.person, each.track.track, each.start, each.end) for each in speaking_stretches(linked, linked.turns, 0.5)]  # fmt: skip
    assert found == [("L", "T1", 1, pytest.approx(3.0)), ("L", "T2", pytest.approx(3.2), 5)]


def test_face_windows_are_square_and_steady(make: Callable[..., LinkedVideo]) -> None:
    linked = make(tracks=[_track("T1", "L", 100, shake=2)])
    windows = face_windows(linked.tracks[0], TIMES, 1280, 720)
    assert {(right - left, bottom - top) for left, top, right, bottom in windows.tolist()} == {(170, 170)}  # fmt: skip
    assert np.abs(np.diff(windows[:, 0])).max() <= 2


def test_the_path_is_a_table(two: LinkedVideo) -> None:
    path = follow_speaker(two, TIMES, 1280, 720, 1.0)
    rows = list(csv.DictReader(StringIO(to_crop_path(path))))
    assert len(rows) == len(TIMES)
    assert (rows[10]["person"], int(rows[10]["x1"])) == ("L", path.windows[10, 0])


@pytest.mark.parametrize("text", ["16/9", "0:1", "wide"])
def test_shapes_are_two_numbers(text: str) -> None:
    assert parse_shape("9:16") == 9 / 16
    with pytest.raises(PinsError, match="--shape"):
        parse_shape(text)
