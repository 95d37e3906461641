"""How many speak, where that is known: nobody more is told, and nobody less."""

import numpy as np
import pytest
from made_evidence import PARAMETERS, agreement, hear, know, see, speak, take_turns

from pins_plugin.errors import PinsError
from pins_plugin.pipelines.linking.counted import NO_BOUNDS, choose_bounds, decode_within


@pytest.fixture(scope="module")
def three():
    """Three who take turns, of whom two are in the picture."""
    truth = speak(take_turns(18.0, 2.0, [0, 1, 2]), 18.0, 3)
    return truth, know(hear(truth), see(truth, num_faces=2))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_as_many_speak_as_are_known_to(three, number: int) -> None:
    truth, evidence = three
    decoded = decode_within(PARAMETERS, evidence, (number, number))
    assert np.count_nonzero(decoded.said.any(axis=0)) == number
    silent = ~truth.any(axis=1)
    assert not decoded.said[silent].any()


def test_the_true_number_costs_nothing(three) -> None:
    truth, evidence = three
    free = decode_within(PARAMETERS, evidence)
    bound = decode_within(PARAMETERS, evidence, (3, 3))
    assert agreement(free.said, truth[:, :2]) > 0.97
    assert agreement(bound.said, truth[:, :2]) > 0.97


def test_bounds_may_be_one_sided() -> None:
    assert choose_bounds() == NO_BOUNDS
    assert choose_bounds(None, 2, 5) == (2, 5)
    assert choose_bounds(max_speakers=4) == (1, 4)
    with pytest.raises(PinsError, match="num_speakers: expected at least 1, got 0"):
        choose_bounds(0)
