"""Rooms: the noise is as loud as asked for and nothing is delayed."""

import numpy as np
import pytest

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.simulation.room import Room, record, sample_room


def _burst() -> np.ndarray:
    waveform = np.zeros(SAMPLE_RATE, np.float32)
    waveform[4000:12000] = 0.2 * np.random.default_rng(0).standard_normal(8000)
    return waveform


def test_noise_ratio_is_the_one_asked_for() -> None:
    dry = _burst()
    wet = record(dry, Room(0.2, 0.0, 20.0, 0.5, 0.0), np.random.default_rng(1))
    assert wet.shape == dry.shape
    noise = wet - dry * (np.dot(wet, dry) / np.dot(dry, dry))
    assert 10 * np.log10(np.mean(dry**2) / np.mean(noise**2)) == pytest.approx(20.0, abs=1.0)


def test_direct_sound_is_not_delayed_and_the_room_rings_on() -> None:
    dry = _burst()
    room = Room(0.3, 0.25, 60.0, 0.0, 0.0)
    wet = record(dry, room, np.random.default_rng(1))
    lags = range(-3, 4)
    agreement = [np.dot(np.roll(dry, lag), wet) for lag in lags]
    assert lags[int(np.argmax(agreement))] == 0
    assert np.abs(wet[12000:13000]).mean() > 10 * np.abs(wet[:3000]).mean()


def test_sampled_rooms_never_clip() -> None:
    for seed in range(20):
        generator = np.random.default_rng(seed)
        wet = record(3 * _burst(), sample_room(generator), generator)
        assert np.abs(wet).max() < 1
        assert wet.dtype == np.float32
