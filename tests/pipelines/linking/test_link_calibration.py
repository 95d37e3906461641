"""Weights of the evidence from labelled pieces, and their worth on people left out."""

import numpy as np
import pytest

from pins_plugin.errors import PinsError
from pins_plugin.pipelines.linking.calibration import (
    Example,
    find_person,
    fit_weights,
    label_pieces,
    leave_people_out,
    ratio_cost,
)
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.types import FaceTrack


def _examples(number: int, seed: int) -> list[Example]:
    """Gaussian measures, means 1 and -1, variance 1: the true log-likelihood ratio is 2 x."""
    generator = np.random.default_rng(seed)
    speaks = generator.random(number) < 0.2
    values = np.where(speaks, 1.0, -1.0) + generator.standard_normal(number)
    return [
        Example([float(value)], f"P{index % 7}", bool(each))
        for index, (value, each) in enumerate(zip(values, speaks, strict=True))
    ]


def test_weights_are_those_of_the_true_ratio_whatever_the_share_that_speaks() -> None:
    bias, slope = fit_weights(_examples(20000, 0))
    assert bias == pytest.approx(0.0, abs=0.08) and slope == pytest.approx(2.0, abs=0.1)


def test_ratios_of_people_left_out_cost_what_the_true_ratio_costs() -> None:
    examples = _examples(4000, 1)
    speaks = np.array([example.speaks for example in examples])
    true = np.array([2 * example.measures[0] for example in examples])
    found = ratio_cost(leave_people_out(examples, 5), speaks)
    assert found == pytest.approx(ratio_cost(true, speaks), abs=0.01)
    assert found < 0.6


def test_a_person_left_out_bears_not_on_its_own_ratio() -> None:
    examples = [*_examples(400, 2), *(Example([-9.0], "odd", True) for _ in range(400))]
    assert (leave_people_out(examples, 8)[400:] < -10).all()


def test_only_speaking_faces_cannot_be_fitted() -> None:
    with pytest.raises(PinsError, match="side by side or off"):
        fit_weights([Example([1.0], "a", True)] * 3)


class Level:
    """Measures nothing but the start of the piece."""

    name = "level"

    def measure(self, track: str, start: float, end: float) -> np.ndarray | None:
        return None if track == "T3" else np.array([start])


def _track(name: str, left: float) -> FaceTrack:
    times = np.arange(0, 4, 0.5)
    boxes = np.tile(np.float32([left, 10, left + 20, 30]), (len(times), 1))
    return FaceTrack(name, times, boxes, np.zeros((len(times), 5, 2)), times >= 0)


def test_pieces_are_labeled_by_where_people_are_seen() -> None:
    tracks = [_track("T1", 10), _track("T2", 110), _track("T3", 10)]
    panels = [
        {"start": 0, "end": 4, "person": "anna", "box": [0, 0, 100, 100]},
        {"start": 0, "end": 4, "person": "ben", "box": [100, 0, 200, 100]},
    ]
    pieces = [Piece(0, 2, "anna", ("T1", "T2", "T3")), Piece(2, 4, "carla", ("T2",))]
    found = label_pieces(Level(), pieces, tracks, {"panels": panels})
    assert found == [
        Example([0.0], "anna", True),
        Example([0.0], "ben", False),
        Example([2.0], "ben", False),
    ]
    faces = [{"person": "dora", "boxes": [[0, 100, 0, 140, 40], [4, 100, 0, 140, 40]]}]
    assert find_person(tracks[1], 1.0, {"faces": faces}) == "dora"
    assert find_person(tracks[0], 1.0, {"faces": faces}) is None
