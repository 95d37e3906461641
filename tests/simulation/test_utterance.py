"""Timing of words and phones, and how the mouth follows them."""

import numpy as np
import pytest

from pins_plugin.simulation.person import sample_person
from pins_plugin.simulation.phones import MOUTH_PARAMETERS, PHONES, VOCABULARY
from pins_plugin.simulation.utterance import Utterance, mouth_track, say

PERSON = sample_person(0, 0)


def _said(*words: str) -> Utterance:
    return say(words, PERSON, np.random.default_rng(1))


def test_words_lie_in_order_inside_the_utterance() -> None:
    utterance = _said("moon", "father", "cheese")
    assert [word.text for word in utterance.words] == ["moon", "father", "cheese"]
    edges = [time for word in utterance.words for time in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[0] == pytest.approx(0.12)
    assert edges[-1] == pytest.approx(utterance.duration - 0.15)
    assert len(utterance.boundaries) == len(utterance.phones) + 1


def test_phones_spell_the_word() -> None:
    utterance = _said("window")
    assert utterance.phones == ("sil", *VOCABULARY["window"], "sil")


def _middle(utterance: Utterance, phone: str) -> np.ndarray:
    index = utterance.phones.index(phone)
    middle = utterance.boundaries[index : index + 2].mean()
    return mouth_track(utterance, np.array([middle]))[0]


@pytest.mark.parametrize(
    ("word", "phone", "parameter", "low", "high"),
    [
        ("moon", "m", "opening", -0.01, 0.05),
        ("moon", "m", "press", 0.6, 1.0),
        ("moon", "uw", "rounding", 0.7, 1.0),
        ("father", "aa", "opening", 0.7, 1.0),
        ("father", "f", "tuck", 0.7, 1.0),
        ("cheese", "iy", "width", 0.6, 1.0),
        ("thumb", "th", "tongue", 0.6, 1.0),
    ],
)
def test_mouth_reaches_the_target_of_a_phone(
    word: str, phone: str, parameter: str, low: float, high: float
) -> None:
    value = _middle(_said(word), phone)[MOUTH_PARAMETERS.index(parameter)]
    assert low < value <= high


def test_mouth_moves_smoothly_and_rests_at_both_ends() -> None:
    utterance = _said("apple", "wolf")
    times = np.arange(0, utterance.duration, 0.005)
    mouths = mouth_track(utterance, times)
    assert np.abs(np.diff(mouths, axis=0)).max() < 0.25
    np.testing.assert_allclose(mouths[0], PHONES["sil"].mouth, atol=0.05)


def test_times_outside_and_alone_give_the_same_mouth() -> None:
    utterance = _said("lemon")
    times = np.linspace(-0.2, utterance.duration + 0.2, 40)
    together = mouth_track(utterance, times)
    assert np.isfinite(together).all()
    alone = np.concatenate([mouth_track(utterance, times[i : i + 1]) for i in range(len(times))])
    np.testing.assert_allclose(together, alone)
