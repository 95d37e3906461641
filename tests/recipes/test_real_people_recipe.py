"""What `recipes/RealPeople/verify.py` says of answers, counted by hand."""

from types import ModuleType

import numpy as np
import pytest
from recipe_scripts import load_recipe


@pytest.fixture(scope="module")
def verify() -> ModuleType:
    return load_recipe("RealPeople/verify.py")


def test_answers_are_counted_by_whose_face_and_whose_voice(verify: ModuleType) -> None:
    """Three people; of six pairs of two people, both of one face are ruled out, and one person's own pair."""
    probability = np.array([[0.65, 0.05, 0.05], [0.65, 0.65, 0.65], [0.65, 0.65, 0.05]])
    answers = verify.Answers(np.array(["a", "b", "c"]), probability, probability < 0.2, [])
    text, values = verify.describe(answers, {"a": "x", "b": "y", "c": "y"})
    share = {name: entry["two people"] for name, entry in values["answers"].items()}
    assert share["one person's"] == pytest.approx(1 / 3)
    assert share["two people's"] == pytest.approx(2 / 6)
    assert share["one person's, x"] == 0 and share["one person's, y"] == 0.5
    assert share["two people's, face x, voice y"] == 1
    assert share["two people's, face y, voice y"] == 0
    low, high = values["bins"]
    assert low["share"] == pytest.approx((1 / 3 + 2 / 6) / 2)
    assert high["observed"] == pytest.approx((2 / 3) / (2 / 3 + 4 / 6))
    assert "face x, voice y" in text


def test_an_interval_of_a_share_holds_it_and_is_wider_with_fewer_people(verify: ModuleType) -> None:
    widths = []
    for num_people in (8, 80):
        said = np.arange(num_people) % 2.0
        people = np.arange(num_people)
        low, high = verify.bound_share(said, people, people, num_people)
        assert low < 0.5 < high
        widths.append(high - low)
    assert widths[1] < 0.5 * widths[0]
