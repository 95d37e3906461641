"""Voices: what was asked for can be measured in the sound."""

from dataclasses import replace

import numpy as np
import pytest

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.simulation.person import sample_person
from pins_plugin.simulation.utterance import Utterance, say
from pins_plugin.simulation.voice import VoiceQuality, speak, voice_quality

PLAIN = VoiceQuality(120.0, 1.0, 0.6, 3000.0, 0.01, 0.002, 0.0, 0.0, 0.01, 1.0, 0.08)


def _held(phone: str, seconds: float = 0.8) -> Utterance:
    """One phone between silences: from 0.2 s on."""
    return Utterance(("sil", phone, "sil"), np.array([0.0, 0.2, 0.2 + seconds, 0.4 + seconds]), ())


def _sound(phone: str, quality: VoiceQuality) -> np.ndarray:
    waveform = speak(_held(phone), quality, np.random.default_rng(0))
    return waveform[int(0.4 * SAMPLE_RATE) : int(0.8 * SAMPLE_RATE)]


def _pitch(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 16)) ** 2
    correlation = np.fft.irfft(spectrum)
    lags = np.arange(SAMPLE_RATE // 400, SAMPLE_RATE // 60)
    return SAMPLE_RATE / lags[np.argmax(correlation[lags])]


def _peak(sound: np.ndarray, low: float, high: float) -> float:
    """Strongest smoothed frequency between two, in Hz."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), SAMPLE_RATE)) ** 2  # 1 Hz bins
    smooth = np.convolve(power, np.hanning(240), mode="same")
    return low + int(np.argmax(smooth[int(low) : int(high)]))


@pytest.mark.parametrize("pitch", [90.0, 150.0, 240.0])
def test_pitch_is_the_one_asked_for(pitch: float) -> None:
    assert _pitch(_sound("aa", replace(PLAIN, pitch=pitch))) == pytest.approx(pitch, rel=0.06)


@pytest.mark.parametrize(("phone", "second"), [("iy", 2280), ("ae", 1700), ("eh", 1800)])
def test_second_formant_is_the_phones(phone: str, second: float) -> None:
    assert _peak(_sound(phone, PLAIN), second - 350, second + 350) == pytest.approx(second, abs=130)


def test_shorter_tract_raises_the_formants() -> None:
    high = _peak(_sound("iy", replace(PLAIN, formant_scale=1.15)), 2000, 3000)
    low = _peak(_sound("iy", replace(PLAIN, formant_scale=0.85)), 1500, 2400)
    assert high / low == pytest.approx(1.15 / 0.85, rel=0.08)


def test_fricative_is_noise_in_the_treble() -> None:
    sound = _sound("s", PLAIN)
    power = np.abs(np.fft.rfft(sound, SAMPLE_RATE)) ** 2
    assert power[4000:].sum() > 20 * power[:2000].sum()


def test_breath_adds_noise_between_harmonics() -> None:
    def noisiness(quality: VoiceQuality) -> float:
        sound = _sound("ae", quality)
        return float(np.mean(np.abs(np.diff(sound, 3))) / np.mean(np.abs(sound)))

    assert noisiness(replace(PLAIN, breath=0.6)) > 1.3 * noisiness(PLAIN)


def test_silence_is_silent_and_level_is_kept() -> None:
    waveform = speak(_held("aa"), PLAIN, np.random.default_rng(0))
    assert len(waveform) == round(1.2 * SAMPLE_RATE)
    assert waveform.dtype == np.float32
    assert np.abs(waveform[: int(0.15 * SAMPLE_RATE)]).max() < 0.02 * np.abs(waveform).max()
    assert np.abs(waveform).max() < 1


def test_sound_starts_when_the_phone_starts() -> None:
    waveform = speak(_held("aa"), PLAIN, np.random.default_rng(0))
    level = np.abs(waveform) > 0.25 * np.abs(waveform).max()
    assert np.flatnonzero(level)[0] / SAMPLE_RATE == pytest.approx(0.2, abs=0.025)
    assert np.flatnonzero(level)[-1] / SAMPLE_RATE == pytest.approx(1.0, abs=0.03)


def test_same_seed_same_sound() -> None:
    person = sample_person(0, 0)
    utterance = say(["moon"], person, np.random.default_rng(0))
    first, again = (
        speak(utterance, voice_quality(person), np.random.default_rng(3)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


def test_men_sound_lower_than_women() -> None:
    people = [sample_person(0, index) for index in range(200)]
    pitch = {
        gender: np.mean([voice_quality(p).pitch for p in people if p.gender == gender])
        for gender in "mf"
    }
    assert pitch["m"] < 0.75 * pitch["f"]
