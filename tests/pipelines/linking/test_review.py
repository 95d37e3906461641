"""Corrections settle what they say, and bear on the rest of the file."""

import pytest

from pins_plugin.data.corrections import Correction
from pins_plugin.errors import LinksError
from pins_plugin.pipelines.linking.assignment import decide
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.pipelines.linking.review import fix_pieces, rename_people

PERSON_OF = {"T1": "P1", "T2": "P2"}
PIECES = [Piece(i, i + 1, "S0", ("T1", "T2")) for i in range(4)] + [Piece(4, 5, "S0", ())]
NONE = {"T1": {"sync": 0.2}, "T2": {"sync": 0.0}}
RATIOS = [NONE] * 4 + [{}]
NAMES = {"P1": "anna", "S0": "voice"}


def test_pieces_are_found_by_the_labels_that_the_reviewer_saw() -> None:
    corrections = [Correction(0, 2, "voice", "anna"), Correction(1.2, 2, "voice", None)]
    assert fix_pieces(PIECES, corrections, ["P1", "P2"], NAMES) == {0: {"P1"}, 1: set()}
    assert fix_pieces(PIECES, [Correction(0, 1, "voice", "P2")], ["P1", "P2"], NAMES) == {0: {"P2"}}
    joined = fix_pieces(
        PIECES, corrections[:1], ["P1", "P2"], NAMES, {"P2": "Anna", "anna": "Anna"}
    )
    assert joined[0] == {"P1", "P2"}  # two labels that got one name


def test_a_correction_decides_the_turns_that_it_does_not_name() -> None:
    before = [decision.track for decision in decide(PIECES, RATIOS, PERSON_OF)]
    after = decide(PIECES, RATIOS, PERSON_OF, fixed={1: frozenset({"P2"})})
    assert before[:4] == ["T1"] * 4
    assert [decision.track for decision in after[:4]] == ["T2"] * 4
    assert after[1].confidence == 1.0 and "review" in after[1].evidence


def test_nobody_and_somebody_out_of_the_picture() -> None:
    settled = decide(PIECES, RATIOS, PERSON_OF, fixed={0: frozenset(), 4: frozenset({"P2"})})
    assert (settled[0].track, settled[0].person, settled[0].confidence) == (None, None, 1.0)
    assert (settled[4].track, settled[4].person) == (None, "P2")
    assert [decision.track for decision in settled[1:4]] == ["T2"] * 3


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
        fix_pieces(PIECES, [correction], ["P1", "P2"], NAMES)


def test_names_of_the_reviewer_replace_those_found() -> None:
    assert rename_people(NAMES, {"anna": "Anna", "P2": "Ben"}, ["P1", "P2", "S0"]) == {
        "P1": "Anna",
        "P2": "Ben",
        "S0": "voice",
    }
    with pytest.raises(LinksError, match="'carl' is to be renamed"):
        rename_people(NAMES, {"carl": "Carl"}, ["P1"])
