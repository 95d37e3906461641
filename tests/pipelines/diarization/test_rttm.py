"""RTTM in and out."""

from pathlib import Path

import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.errors import MediaError
from pins_plugin.pipelines.diarization.rttm import choose_turns, read_rttm, write_rttm


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    turns = Annotation(uri="talk")
    turns[Segment(0.5, 2.25), "a"] = "anna"
    turns[Segment(1.0, 3.0), "b"] = "ben"
    write_rttm(tmp_path / "talk.rttm", [turns])
    found = read_rttm(tmp_path / "talk.rttm")["talk"]
    assert [(s.start, s.end, label) for s, _, label in found.itertracks(yield_label=True)] == [
        (0.5, 2.25, "anna"),
        (1.0, 3.0, "ben"),
    ]


def test_the_only_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.rttm").write_text("SPEAKER other 1 0.0 1.0 <NA> <NA> x <NA> <NA>\n")
    assert choose_turns(tmp_path / "a.rttm", "talk").uri == "talk"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file"),
        ("hello world\n", "expected 'SPEAKER"),
        ("SPEAKER talk 1 zero 1.0 <NA> <NA> x <NA> <NA>\n", "line 1"),
        (
            "SPEAKER a 1 0 1 <NA> <NA> x <NA> <NA>\nSPEAKER b 1 0 1 <NA> <NA> x <NA> <NA>\n",
            "of talk",
        ),
    ],
)
def test_what_is_no_rttm_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "a.rttm").write_text(text)
    with pytest.raises(MediaError, match=message):
        choose_turns(tmp_path / "a.rttm", "talk")
