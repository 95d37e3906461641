"""Files of corrections."""

import json
from pathlib import Path

import pytest

from pins_plugin.data.links.corrections import Correction, Corrections, read_corrections
from pins_plugin.errors import LinksError


def test_read_corrections_reads_what_the_page_exports(tmp_path: Path) -> None:
    row = {"start": 0, "end": 1, "speaker": "S0", "person": None}
    value = {"version": 1, "video": "a.mp4", "corrections": [row]}
    (tmp_path / "c.json").write_text(json.dumps(value))
    turns = [Correction(0, 1, "S0", None)]
    assert read_corrections(tmp_path / "c.json") == Corrections(turns, {}, "a.mp4")
    (tmp_path / "c.json").write_text(json.dumps({**value, "names": {"PERSON_01": "Anna"}}))
    assert read_corrections(tmp_path / "c.json") == Corrections(
        turns, {"PERSON_01": "Anna"}, "a.mp4"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1, "corrections": [{}]}',
        '{"version": 1, "corrections": [], "names": [1]}',
        '{"version": 1, "corrections": [{"start": NaN, "end": 1, "speaker": "S0", "person": null}]}',
        '{"version": 1, "corrections": [{"start": 1%s, "end": 1, "speaker": "S0", "person": null}]}'
        % ("0" * 400),
        '{"version": 1, "corrections": [{"start": 2, "end": 1, "speaker": "S0", "person": null}]}',
    ],
)
def test_read_corrections_refuses_other_files(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(LinksError):
        read_corrections(tmp_path / "c.json")
    with pytest.raises(LinksError, match="no such file"):
        read_corrections(tmp_path / "none.json")
