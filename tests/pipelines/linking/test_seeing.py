"""Tracks on the decoder's clock."""

import numpy as np
import pytest

from pins_plugin.pipelines.active_speaker.synchrony import MAX_OFFSET, NUM_OFFSETS, TrackCurves
from pins_plugin.pipelines.linking.seeing import delay, see
from pins_plugin.types import FaceTrack


def _track(name: str, person: str, start: float, end: float, size: float, shot: int) -> FaceTrack:
    times = np.arange(start, end - 1e-9, 0.04)
    boxes = np.tile(np.float32([0, 0, size, size]), (len(times), 1))
    landmarks = np.zeros((len(times), 5, 2), np.float32)
    return FaceTrack(name, times, boxes, landmarks, times >= 0, shot=shot, person=person)


TRACKS = [
    _track("T1", "anna", 0.0, 2.0, 100, 0),
    _track("T2", "ben", 0.0, 2.0, 50, 0),
    _track("T3", "anna", 2.0, 4.0, 200, 1),
]


def test_who_is_shown_and_how_large() -> None:
    found = see(TRACKS, {}, {}, 5.0)
    assert found.people == ["anna", "ben"]
    assert found.visible[:, 0].nonzero()[0].tolist() == list(range(40))
    assert found.visible[:, 1].nonzero()[0].tolist() == list(range(20))
    assert len(found.visible) == 50
    np.testing.assert_allclose(found.sizes[:20, 1], np.log(0.5))
    assert not found.sizes[:, 0].any() and not found.sizes[40:].any()
    assert found.cuts.nonzero()[0].tolist() == [20]
    np.testing.assert_allclose(found.pixels, [150.0, 50.0])


def test_what_mouths_do_is_interpolated_within_its_track() -> None:
    times = np.arange(0, 2, 0.2)
    found = see(
        TRACKS, {}, {"T1": (times, 2 * times)}, 5.0, {"coin": {"T2": (times, 0 * times + 1)}}
    )
    np.testing.assert_allclose(found.talking[5:15, 0], 2 * (np.arange(5, 15) + 0.5) / 10)
    assert not found.talking[20:].any() and not found.talking[:, 1].any()
    assert found.others["coin"][:20, 1].tolist() == [1.0] * 20
    assert not found.others["coin"][20:].any()


def test_lips_lie_in_rows_of_the_steps_that_show_them() -> None:
    times = 2 + np.arange(50) / 25
    similarities = np.zeros((50, NUM_OFFSETS), np.float32)
    similarities[:, MAX_OFFSET + 2] = 1.0
    found = see(TRACKS, {"T3": TrackCurves(times, similarities)}, {}, 5.0)
    assert [fits.shape for fits in found.fits] == [(40, NUM_OFFSETS, 3), (20, NUM_OFFSETS, 3)]
    assert np.isnan(found.fits[0][:20]).all() and np.isnan(found.fits[1]).all()
    assert found.fits[0][30, MAX_OFFSET + 2, 0] == pytest.approx(1.0)


def test_no_tracks() -> None:
    found = see([], {}, {}, 1.0)
    assert found.visible.shape == (10, 0) and found.people == [] and not found.cuts.any()


def test_the_picture_is_as_late_as_the_sound_of_each_face() -> None:
    found = see(TRACKS, {}, {"T2": (np.array([0.0, 2.0]), np.array([0.0, 2.0]))}, 5.0)
    late = delay(found, np.array([3, -2]))
    assert late.visible[:, 0].nonzero()[0].tolist() == list(range(43))
    assert late.visible[:, 1].nonzero()[0].tolist() == list(range(18))
    np.testing.assert_allclose(late.talking[:18, 1], found.talking[2:20, 1])
    assert late.cuts.nonzero()[0].tolist() == [20]  # the median, rounded down
    assert late.fits is found.fits and delay(found, np.zeros(2, int)) is found
