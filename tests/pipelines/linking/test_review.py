"""Corrections settle the steps that they name, by the labels that the reviewer saw."""

import pytest

from pins_plugin.data.links.corrections import Correction
from pins_plugin.errors import LinksError
from pins_plugin.pipelines.linking.read_out import Run
from pins_plugin.pipelines.linking.review import hold_steps, rename_people

RUNS = [
    Run(0, 10, 0, "S0", 0.0, 1.0),
    Run(10, 20, 1, "S1", 1.0, 2.0),
    Run(15, 25, 0, "S0", 1.5, 2.5),
]
PEOPLE = ["P1", "P2"]
NAMES = {"P1": "anna", "S0": "voice"}


def test_steps_are_found_by_the_labels_that_the_reviewer_saw() -> None:
    held = hold_steps(RUNS, [Correction(0.0, 1.0, "voice", "P2")], PEOPLE, NAMES)
    assert held == {step: frozenset({1}) for step in range(10)}
    held = hold_steps(RUNS, [Correction(1.0, 2.0, "S1", None)], PEOPLE, NAMES)
    assert held == {step: frozenset() for step in range(10, 20)}


def test_of_overlapping_turns_only_that_of_the_speaker_is_settled() -> None:
    held = hold_steps(RUNS, [Correction(1.5, 2.5, "voice", "anna")], PEOPLE, NAMES)
    assert held == {step: frozenset({0}) for step in range(15, 25)}


def test_later_corrections_overrule_earlier_ones() -> None:
    corrections = [Correction(0.0, 1.0, "voice", "anna"), Correction(0.5, 1.0, "voice", None)]
    held = hold_steps(RUNS, corrections, PEOPLE, NAMES)
    assert held[4] == frozenset({0}) and held[5] == frozenset()


def test_two_labels_that_got_one_name_are_one_person() -> None:
    wanted = {"P2": "Anna", "anna": "Anna"}
    held = hold_steps(RUNS, [Correction(0.0, 1.0, "voice", "anna")], PEOPLE, NAMES, wanted)
    assert held[0] == frozenset({0, 1})


@pytest.mark.parametrize(
    ("correction", "message"),
    [
        (Correction(5, 6, "voice", None), "no turn of voice from 5.00 to 6.00"),
        (Correction(0, 1, "S0", None), "no turn of S0"),
        (Correction(0, 1, "voice", "CARL"), "expected one of P2, anna"),
    ],
)
def test_corrections_of_another_video_are_refused(correction: Correction, message: str) -> None:
    with pytest.raises(LinksError, match=message):
        hold_steps(RUNS, [correction], PEOPLE, NAMES)


def test_names_of_the_reviewer_replace_those_found() -> None:
    assert rename_people(NAMES, {"anna": "Anna", "P2": "Ben"}, ["P1", "P2", "S0"]) == {
        "P1": "Anna",
        "P2": "Ben",
        "S0": "voice",
    }
    with pytest.raises(LinksError, match="'carl' is to be renamed"):
        rename_people(NAMES, {"carl": "Carl"}, ["P1"])
