"""Offsets of people, synchrony and motion of mouths on made signals."""

from typing import Any

import numpy as np
import pytest

from pins_plugin.inference.synchronizer import SyncFeatures
from pins_plugin.pipelines.active_speaker.mouth_motion import loudness, motion_score
from pins_plugin.pipelines.active_speaker.synchrony import (
    MAX_OFFSET,
    SynchronyEvidence,
    TrackCurves,
    assign_sound,
    compare_track,
    find_peak,
    synchrony_lead,
)
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.pipelines.people.grouping import rivalry_weight
from pins_plugin.tracking.crops import Crops


@pytest.mark.parametrize("offset", [-9, -1, 0, 4, 12])
def test_find_peak_finds_the_offset_at_which_a_curve_stands_out(offset: int) -> None:
    generator = np.random.default_rng(0)
    curve = generator.standard_normal(2 * MAX_OFFSET + 1) * 0.3
    flat, _ = find_peak(curve)
    curve[MAX_OFFSET + offset] += 6.0
    height, found = find_peak(curve)
    assert found == offset and height > flat + 1.5
    assert find_peak(curve + 1.0)[0] == pytest.approx(height)  # how alike all are does not count


def test_a_speaker_is_one_persons_unless_two_stand_out() -> None:
    listener = np.array([[2.6, 2.0], [3.5, 0.0]])  # fits who speaks for long, by chance
    assert assign_sound(listener).tolist() == [1, 0]
    taken_for_one = np.array([[4.0, 0.5], [3.5, 0.4]])
    assert assign_sound(taken_for_one).tolist() == [0, 0]
    assert assign_sound(np.array([[1.0], [2.0], [3.0]])).tolist() == [0, 0, 0]
    assert assign_sound(np.zeros((0, 2))).tolist() == []


def test_synchrony_lead_by_hand() -> None:
    curve = np.zeros(2 * MAX_OFFSET + 1)
    curve[MAX_OFFSET + 3] = 0.5
    curve[0] = 0.2
    now, over_mean, over_best = synchrony_lead(curve, 3)
    assert now == 0.5 and over_best == pytest.approx(0.3)
    assert over_mean == pytest.approx(0.5 - 0.2 / (2 * MAX_OFFSET + 1 - 7))


def test_synchrony_lead_without_sound_says_nothing() -> None:
    assert synchrony_lead(np.full(2 * MAX_OFFSET + 1, np.nan), 0) is None


def test_motion_score_prefers_the_mouth_that_follows_the_sound() -> None:
    generator = np.random.default_rng(1)
    sound = np.convolve(generator.standard_normal(200), np.ones(5) / 5, "same")
    fits = sound[50:150, None] + 0.3 * generator.standard_normal((100, 1))
    moves = np.convolve(generator.standard_normal(100), np.ones(5) / 5, "same")[:, None]
    assert motion_score(fits, sound, 50) > motion_score(moves, sound, 50) + 5
    assert motion_score(fits[:4], sound, 50) == 0.0


def test_loudness_rises_where_the_sound_does() -> None:
    waveform = np.concatenate([np.zeros(16000), np.ones(16000) / 2]).astype(np.float32)
    levels = loudness(waveform, 16000)
    assert len(levels) == 50 and levels[40] > levels[10] + 3


def test_a_long_face_is_compared_a_minute_at_a_time() -> None:
    clock = np.arange(150 * 25) / 25 + 3.0
    lips = np.broadcast_to(clock[:, None, None], (len(clock), 88, 2)).astype(np.float32)
    lengths = []

    class Encoder:
        def features(self, lips: Any, times: Any, waveform: Any, max_offset: int) -> SyncFeatures:
            lengths.append(times[-1] - times[0])
            sound = np.ones((len(times) + 2 * max_offset, 1), np.float32)
            return SyncFeatures(times, lips[:, 0, :1], sound)

    crop = Crops(clock, np.zeros(0), np.zeros(0), lips, np.ones(len(clock)))
    curve = compare_track(crop, np.zeros(0, np.float32), Encoder())
    assert max(lengths) < 63.0
    np.testing.assert_array_equal(curve.times, clock)
    np.testing.assert_allclose(curve.similarities[:, 0], clock, rtol=1e-6)


@pytest.mark.parametrize(("similarity", "weight"), [(0.7, 0.0), (0.4, 0.5), (0.1, 1.0)])
def test_rivalry_weight(similarity: float, weight: float) -> None:
    assert rivalry_weight(similarity) == pytest.approx(weight)


def test_following_a_track_gives_what_measuring_its_window_gives() -> None:
    generator = np.random.default_rng(2)
    clock = np.arange(100) / 25
    similarities = generator.standard_normal((100, 2 * MAX_OFFSET + 1)).astype(np.float32)
    similarities[:, MAX_OFFSET + 2] += 3.0
    similarities[70:75] = np.nan
    pieces = [Piece(0.0, 4.0, "S0", ("T1",))]
    source = SynchronyEvidence({"T1": TrackCurves(clock, similarities)}, pieces, {"T1": "P1"})
    assert source.offset_of("T1") == 0.08
    measures, seconds = source.follow("T1", np.array([1.0, 2.9, 9.0]))
    for row, middle in ((0, 0.92), (1, 2.82)):
        assert measures[row] == pytest.approx(source.measure("T1", middle - 0.5, middle + 0.5))
    assert np.isnan(measures[2]).all() and seconds.tolist() == [1.0, 0.8, 0.0]
    assert np.isnan(source.follow("T2", np.array([1.0]))[0]).all()
