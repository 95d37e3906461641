"""Strata read off a manifest's columns."""

from pathlib import Path

from pins_plugin.evaluation.strata import strata_of
from pins_plugin.types import TalkingFaceClip


def _clip(identity: str, **attributes: str) -> TalkingFaceClip:
    return TalkingFaceClip(identity, identity, "v", Path("f"), Path("a"), "test", attributes)


def test_all_three_columns_make_the_joint_stratum() -> None:
    clips = [
        _clip("p1", gender="f", nationality="x", age="34.5"),
        _clip("p2", gender="m", nationality="x", age="38"),
        _clip("p3", gender="f", nationality="", age="young"),
    ]
    strata = strata_of(clips)
    assert strata["G"] == {"p1": "f", "p2": "m", "p3": "f"}
    assert strata["N"] == {"p1": "x", "p2": "x"}
    assert strata["A"] == {"p1": "30s", "p2": "30s", "p3": "young"}
    assert strata["GNA"] == {"p1": "f|x|30s", "p2": "m|x|30s"}


def test_a_missing_column_makes_no_stratum() -> None:
    assert strata_of([_clip("p1", gender="f")]) == {"G": {"p1": "f"}}
    assert strata_of([_clip("p1")]) == {}


def test_what_one_row_knows_of_a_person_holds_for_the_others() -> None:
    clips = [_clip("p1", gender="f", age="inf"), _clip("p1", gender="", age="")]
    assert strata_of(clips) == {"G": {"p1": "f"}, "A": {"p1": "inf"}}
