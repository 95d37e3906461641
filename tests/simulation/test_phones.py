"""The inventory: every word is made of known phones, and its mouth can be told from the others'."""

from itertools import combinations

import numpy as np
import pytest

from pins_plugin.simulation.person import sample_person
from pins_plugin.simulation.phones import PHONES, VOCABULARY, Mouth
from pins_plugin.simulation.utterance import mouth_track, say


def test_vocabulary_has_at_least_twenty_words_of_known_phones() -> None:
    assert len(VOCABULARY) >= 20
    assert all(phone in PHONES for phones in VOCABULARY.values() for phone in phones)
    assert len(set(VOCABULARY.values())) == len(VOCABULARY)


@pytest.mark.parametrize("name", PHONES)
def test_phone_is_within_range(name: str) -> None:
    phone = PHONES[name]
    assert 0.03 < phone.duration < 0.3
    assert 200 <= phone.formants[0] < phone.formants[1] < phone.formants[2] < 3500
    assert all(0 <= value <= 1 for value in phone.mouth._replace(width=0.0))
    assert -1 <= phone.mouth.width <= 1


@pytest.mark.parametrize("name", ["p", "b", "m"])
def test_lips_close_for_bilabials(name: str) -> None:
    assert PHONES[name].mouth.opening == 0
    assert PHONES[name].mouth.press > 0.5


def test_words_look_different() -> None:
    """Mouth tracks stretched to one length differ clearly between any two words."""
    person = sample_person(0, 0)
    tracks = {}
    for word in VOCABULARY:
        said = say([word], person, np.random.default_rng(0)).words[0]
        utterance = say([word], person, np.random.default_rng(0))
        tracks[word] = mouth_track(utterance, np.linspace(said.start, said.end, 30))
    distances = {
        pair: np.sqrt(((tracks[pair[0]] - tracks[pair[1]]) ** 2).sum(axis=1).mean())
        for pair in combinations(VOCABULARY, 2)
    }
    assert min(distances.values()) > 0.2
    assert np.median(list(distances.values())) > 0.6


def test_mouth_fields_follow_one_order() -> None:
    assert Mouth._fields == ("jaw", "opening", "width", "rounding", "press", "tuck", "tongue")
