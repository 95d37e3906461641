"""How well lips fit the sound at each offset, on made signals."""

from typing import Any

import numpy as np
import pytest

from pins_plugin.inference.synchronizer import SyncFeatures
from pins_plugin.pipelines.active_speaker.synchrony import (
    MAX_OFFSET,
    MIN_FRAMES,
    NUM_OFFSETS,
    RATE,
    TrackCurves,
    compare_track,
    is_usable,
    lead_features,
)
from pins_plugin.tracking.crops import Crops


def _crops(times: np.ndarray, presence: float = 1.0) -> Crops:
    lips = np.broadcast_to(times[:, None, None], (len(times), 88, 2)).astype(np.float32)
    return Crops(times, np.zeros(0), np.zeros(0), lips, np.full(len(times), presence))


def test_a_long_face_is_compared_a_minute_at_a_time() -> None:
    clock = np.arange(150 * 25) / 25 + 3.0
    lengths = []

    class Encoder:
        def features(self, lips: Any, times: Any, waveform: Any, max_offset: int) -> SyncFeatures:
            lengths.append(times[-1] - times[0])
            sound = np.ones((len(times) + 2 * max_offset, 1), np.float32)
            return SyncFeatures(times, lips[:, 0, :1], sound)

    curve = compare_track(_crops(clock), np.zeros(0, np.float32), Encoder())
    assert max(lengths) < 63.0
    np.testing.assert_array_equal(curve.times, clock)
    np.testing.assert_allclose(curve.similarities[:, 0], clock, rtol=1e-6)


def test_leads_by_hand() -> None:
    """Constant curves: 0.5 at offset 3, 0.2 at the far end, 0 elsewhere."""
    curve = np.zeros(NUM_OFFSETS, np.float32)
    curve[MAX_OFFSET + 3], curve[0] = 0.5, 0.2
    times = np.arange(100) / RATE
    features = lead_features(TrackCurves(times, np.tile(curve, (100, 1))), np.array([2.0]))
    assert features.shape == (1, NUM_OFFSETS, 3)
    now, over_mean, over_best = features[0, MAX_OFFSET + 3]
    assert (now, over_best) == (pytest.approx(0.5), pytest.approx(0.3))
    assert over_mean == pytest.approx(0.5 - 0.2 / (NUM_OFFSETS - 7))
    assert features[0, MAX_OFFSET + 4, 0] == pytest.approx(0.5)  # one frame aside still fits
    assert features[0, MAX_OFFSET - 9, 2] == pytest.approx(-0.5)


@pytest.mark.parametrize("offset", [-5, 0, 10])
def test_sound_that_comes_late_is_looked_for_in_earlier_pictures(offset: int) -> None:
    """The lips fit from 2 to 3 s of the picture; the sound of that comes `offset` frames later."""
    times = np.arange(125) / RATE
    similarities = np.zeros((125, NUM_OFFSETS), np.float32)
    similarities[(times >= 2) & (times < 3), MAX_OFFSET + offset] = 1.0
    clock = np.arange(0.5, 4.5, 0.1)
    fits = lead_features(TrackCurves(times, similarities), clock)[:, MAX_OFFSET + offset, 0]
    assert clock[np.nanargmax(fits)] - offset / RATE == pytest.approx(2.5, abs=0.11)


def test_where_nothing_is_known_nothing_is_said() -> None:
    times = 10 + np.arange(100) / RATE
    similarities = np.zeros((100, NUM_OFFSETS), np.float32)
    similarities[40:80] = np.nan
    features = lead_features(TrackCurves(times, similarities), np.array([5.0, 10.6, 12.4, 20.0]))
    said = np.isfinite(features[:, MAX_OFFSET]).all(axis=1)
    assert said.tolist() == [False, True, False, False]
    nothing = TrackCurves(np.zeros(0), np.zeros((0, NUM_OFFSETS), np.float32))
    assert np.isnan(lead_features(nothing, np.array([1.0]))).all()


def test_a_track_needs_frames_that_show_a_face() -> None:
    times = np.arange(MIN_FRAMES) / RATE
    assert is_usable(_crops(times))
    assert not is_usable(_crops(times[1:]))
    assert not is_usable(_crops(times, presence=-1.0))
