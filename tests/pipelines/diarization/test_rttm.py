"""RTTM in and out."""

from pathlib import Path

import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.errors import MediaError
from pins_plugin.pipelines.diarization.audio_file import file_uri
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


def test_in_a_batch_only_turns_of_that_name_are_taken(tmp_path: Path) -> None:
    (tmp_path / "a.rttm").write_text("SPEAKER a 1 0.0 1.0 <NA> <NA> x <NA> <NA>\n")
    assert choose_turns(tmp_path / "a.rttm", "a", alone=False).labels() == ["x"]
    with pytest.raises(MediaError, match="expected turns of b, got those of a"):
        choose_turns(tmp_path / "a.rttm", "b", alone=False)


def test_nobody_speaks_in_a_file_of_no_turns(tmp_path: Path) -> None:
    for text in ("", "; nobody\n"):
        (tmp_path / "a.rttm").write_text(text)
        turns = choose_turns(tmp_path / "a.rttm", "talk", alone=False)
        assert (turns.uri, len(turns)) == ("talk", 0)


@pytest.mark.parametrize("name", ["8.30\u202fPM", "wide\u3000space", "caf\udce9", "a\u2028b"])
def test_turns_of_odd_names_are_found_again(tmp_path: Path, name: str) -> None:
    turns = [Annotation(uri=uri) for uri in (name, "other")]
    for each in turns:
        each[Segment(0, 1)] = f"of\u202f{each.uri}"
    write_rttm(tmp_path / "a.rttm", turns)
    found = choose_turns(tmp_path / "a.rttm", file_uri(Path(f"{name}.mp4")), alone=False)
    assert len(found) == 1 and choose_turns(tmp_path / "a.rttm", name, alone=False) == found


def test_no_escape_reaches_a_terminal(tmp_path: Path) -> None:
    turns = Annotation(uri="a\x1b[2J")
    turns[Segment(0, 1)] = "anna\x1b[31m"
    write_rttm(tmp_path / "a.rttm", [turns])
    assert "\x1b" not in (tmp_path / "a.rttm").read_text()
