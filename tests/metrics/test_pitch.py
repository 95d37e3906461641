"""The pitch of sounds whose pitch is known."""

import math

import numpy as np
import pytest

from pins_plugin.metrics.pitch import median_pitch


@pytest.mark.parametrize("pitch", [80.0, 120.0, 210.0, 320.0])
def test_pitch_of_a_pulse_train_in_noise(pitch: float) -> None:
    times = np.arange(32000) / 16000
    generator = np.random.default_rng(0)
    sound = sum(np.sin(2 * np.pi * pitch * k * times) / k for k in range(1, 12))
    sound = (sound + 0.1 * generator.normal(size=len(times))).astype(np.float32)
    assert median_pitch(sound, 16000) == pytest.approx(pitch, rel=0.02)


def test_pauses_do_not_count() -> None:
    times = np.arange(16000) / 16000
    voiced = np.sign(np.sin(2 * np.pi * 100 * times))
    hiss = 1e-3 * np.random.default_rng(0).normal(size=48000)
    assert median_pitch(np.concatenate([hiss, voiced]).astype(np.float32), 16000) == pytest.approx(
        100, rel=0.02
    )


@pytest.mark.parametrize("num_samples", [0, 100, 32000])
def test_no_voice_has_no_pitch(num_samples: int) -> None:
    noise = np.random.default_rng(0).normal(size=num_samples).astype(np.float32)
    assert math.isnan(median_pitch(noise, 16000))
