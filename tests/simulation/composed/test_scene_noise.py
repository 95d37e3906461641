"""Noise under composed scenes."""

import numpy as np
import pytest

from pins_plugin.simulation.composed.noise import NOISES, make_noise, mix


@pytest.mark.parametrize("kind", NOISES)
def test_noise_has_unit_power_and_follows_its_seed(kind: str) -> None:
    voice = np.sin(np.arange(9000)).astype(np.float32)
    first, second = (make_noise(kind, 48000, np.random.default_rng(3), [voice]) for _ in range(2))
    assert first.shape == (48000,) and first.dtype == np.float32
    assert first.std() == pytest.approx(1.0, abs=0.01)
    assert (first == second).all()


def test_music_is_made_of_tones_and_noise_is_not() -> None:
    def peak(kind: str) -> float:
        spectrum = np.abs(np.fft.rfft(make_noise(kind, 32000, np.random.default_rng(1)))) ** 2
        return float(np.sort(spectrum)[-160:].sum() / spectrum.sum())  # 1 % of the frequencies

    assert peak("music") > 0.8
    assert peak("noise") < 0.5


def test_mix_keeps_the_ratio() -> None:
    speech = np.concatenate([np.zeros(16000), 0.2 * np.sin(np.arange(16000))]).astype(np.float32)
    noise = make_noise("noise", 32000, np.random.default_rng(2))
    added = mix(speech, noise, 10.0) - speech
    ratio = 20 * np.log10(speech[16000:].std() / added.std())
    assert ratio == pytest.approx(10.0, abs=0.5)
