"""A file is whole or absent."""

import json
from pathlib import Path

import pytest

from pins_plugin.errors import MediaError
from pins_plugin.utils.files import (
    atomic_folder,
    atomic_path,
    read_table,
    read_text,
    write_json,
    write_json_rows,
    write_text,
)


def test_failure_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "a.txt") as path:
        path.write_text("half")
        raise RuntimeError
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with atomic_folder(tmp_path / "out") as folder:
            (folder / name).write_text(name)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["second"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "out"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_json_refuses_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_rows_of_json_stand_on_lines_of_their_own(tmp_path: Path) -> None:
    value = {"version": 1, "links": [{"a": "é"}, [1.5]], "notes": [], "name": None}
    write_json_rows(tmp_path / "a.json", {**value, "links": iter(value["links"])})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert '\n{"a"' in text and "\n[1.5]" in text
    with pytest.raises(ValueError, match="JSON"):
        write_json_rows(tmp_path / "b.json", {"x": [float("nan")]})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_names_that_are_no_utf8_can_be_written(tmp_path: Path) -> None:
    write_text(tmp_path / "a.rttm", "SPEAKER caf\udce9 1")
    assert (tmp_path / "a.rttm").read_text(encoding="utf-8") == "SPEAKER caf? 1"


def test_text_that_is_no_utf8_is_refused_and_a_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("café".encode("latin-1"))
    with pytest.raises(MediaError, match="UTF-8"):
        read_text(tmp_path / "a.txt", MediaError, "text")
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa b")
    assert read_text(tmp_path / "a.txt", MediaError, "text") == "a b"


def test_only_line_ends_part_the_rows_of_a_table(tmp_path: Path) -> None:
    content = 'a,b\r\none\u2028two,"three\nfour"\r\n'
    (tmp_path / "a.csv").write_bytes(content.encode())
    rows = read_table(tmp_path / "a.csv", MediaError, "a table")
    assert rows == [{"a": "one\u2028two", "b": "three\nfour"}]
