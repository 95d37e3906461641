"""Errors of turns, in parts, by hand."""

import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.evaluation.turn_errors import TurnErrors


def _turns(*rows: tuple[float, float, str]) -> Annotation:
    turns = Annotation()
    for number, (start, end, label) in enumerate(rows):
        turns[Segment(start, end), number] = label
    return turns


def test_parts_of_the_error_add_up_over_scenes() -> None:
    errors = TurnErrors()
    truth = _turns((0, 4, "a"), (3, 5, "b"))  # 6 s of speech, one of them at once
    errors.add(truth, _turns((0, 4, "x"), (4, 6, "x")), 10.0)
    errors.add(_turns((0, 4, "a")), _turns((0, 4, "y")), 10.0)
    report = errors.report()
    assert report["seconds"] == 10.0
    assert report["missed"] == pytest.approx(1 / 10)  # of two at once one is lost
    assert report["false alarm"] == pytest.approx(1 / 10)
    assert report["confusion"] == pytest.approx(1 / 10)
    assert report["rate"] == pytest.approx(3 / 10)


def test_labels_matter_for_identification_alone() -> None:
    for by_label, rate in ((False, 0.0), (True, 1.0)):
        errors = TurnErrors(by_label)
        errors.add(_turns((0, 4, "a")), _turns((0, 4, "b")), 4.0)
        assert errors.report()["rate"] == pytest.approx(rate)


def test_nothing_said_is_no_error() -> None:
    assert TurnErrors().report()["rate"] == 0.0
