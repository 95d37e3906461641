"""Light, grain and motion."""

import numpy as np
import pytest

from pins_plugin.simulation.camera import (
    Camera,
    Light,
    blink_track,
    paint_background,
    sample_light,
    sample_sway,
)

GRAY = np.full((40, 60, 3), 100, np.uint8)


def _photograph(light: Light, number: int = 0) -> np.ndarray:
    return Camera(light, 40, 60, np.random.default_rng(0)).photograph(GRAY, number)


def test_neutral_light_changes_nothing() -> None:
    np.testing.assert_array_equal(_photograph(Light(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)), GRAY)


def test_side_light_and_warmth() -> None:
    image = _photograph(Light(1.0, 0.2, 0.0, 0.05, 0.0, 0.0))
    assert image[20, 0, 1] == pytest.approx(80, abs=1)
    assert image[20, -1, 1] == pytest.approx(120, abs=1)
    assert image[20, 30, 0] > image[20, 30, 1] > image[20, 30, 2]


def test_exposure_saturates() -> None:
    assert _photograph(Light(9.0, 0.0, 0.0, 0.0, 0.0, 0.0)).min() == 255


def test_grain_differs_from_frame_to_frame_and_repeats_by_number() -> None:
    light = Light(1.0, 0.0, 0.0, 0.0, 0.0, 4.0)
    first, second = _photograph(light, 1), _photograph(light, 2)
    assert (first != second).any()
    np.testing.assert_array_equal(first, _photograph(light, 1))
    assert first.std() == pytest.approx(4.0, rel=0.1)


def test_background_is_smooth_and_colored_by_the_seed() -> None:
    first, again, other = (
        paint_background(40, 60, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert np.abs(np.diff(first.astype(int), axis=1)).max() < 25


def test_sway_stays_near_its_center_and_is_smooth() -> None:
    sway = sample_sway(np.random.default_rng(0), 5.0, 0.1)
    times = np.arange(0, 20, 0.04)
    values = sway.at(times)
    assert np.abs(values - 5).max() < 0.45
    assert np.abs(np.diff(values)).max() < 0.15
    np.testing.assert_allclose(sway.at(times[3:4]), values[3])


def test_people_blink_now_and_then() -> None:
    lids = blink_track(np.arange(0, 60, 0.04), np.random.default_rng(0))
    assert lids.min() == 0
    assert lids.max() == 1
    assert 0.85 < lids.mean() < 1
    assert blink_track(np.zeros(0), np.random.default_rng(0)).shape == (0,)


def test_sampled_light_is_moderate() -> None:
    lights = [sample_light(np.random.default_rng(seed)) for seed in range(50)]
    assert all(0.7 < light.gain < 1.3 and light.blur < 1 and light.grain <= 5 for light in lights)
