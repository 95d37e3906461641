"""Which files a command line means."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from pins_plugin.archive.inputs import choose_part, find_files, parse_shard, read_list
from pins_plugin.archive.names import Names
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.utils.content import content_key


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    for name in ("b.mp4", "a.MKV", "day2/c.mov", "notes.md", ".hidden/d.mp4", ".e.mp4"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def _names(files: Iterable[Path], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in files]


def test_folder_pattern_and_file_are_one_list_without_repetitions(footage: Path) -> None:
    given = [footage / "day2" / "c.mov", footage / "*.mp4", footage]
    assert _names(find_files(given), footage) == ["day2/c.mov", "b.mp4", "a.MKV"]
    assert _names(find_files([footage / "**" / "*.mov"]), footage) == ["day2/c.mov"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "# night shift\nb.mp4\n\n  day2/c.mov \n"),
        ("list.json", json.dumps(["b.mp4", {"path": "day2/c.mov"}])),
        ("list.jsonl", '{"video": "b.mp4"}\n"day2"\n'),
    ],
)
def test_lists_are_read_beside_themselves(footage: Path, name: str, text: str) -> None:
    (footage / name).write_text(text)
    assert _names(find_files([footage / name]), footage) == ["b.mp4", "day2/c.mov"]


@pytest.mark.parametrize("text", ["{}", "[3]", "[", '[{"id": 1}]', "[]", r'["a\u0000.mp4"]'])
def test_a_list_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.json").write_text(text)
    with pytest.raises(MediaError, match="expected a list of paths"):
        read_list(tmp_path / "list.json")


def test_what_holds_nothing_is_refused_and_a_missing_file_costs_itself(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="expected files ending in"):
        find_files([tmp_path])
    with pytest.raises(MediaError, match="no file fits"):
        find_files([tmp_path / "*.mp4"])
    assert list(find_files([tmp_path / "gone.mp4"])) == [tmp_path / "gone.mp4"]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_are_all_files_and_each_once(count: int) -> None:
    files = [Path(f"{number}.mp4") for number in range(10)]
    parts = [choose_part(files, (index, count)) for index in range(1, count + 1)]
    assert sorted(path for part in parts for path in part) == sorted(files)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert choose_part(files, (1, 1), 3) == files[:3]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2"])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(PinsError, match="--shard"):
        parse_shard(text)


def test_a_folder_of_results_stands_for_the_results_in_it(footage: Path) -> None:
    for name in ("x", "deep/y"):
        (footage / "out" / name).mkdir(parents=True)
        (footage / "out" / name / "links.json").write_text("{}")
    (footage / "out" / "x" / "annotated.mp4").touch()
    (footage / "links.txt").write_text("out/x\n")
    mark = "links.json"
    results = ["out/deep/y", "out/x"]
    assert _names(find_files([footage / "out"], mark=mark), footage) == results
    assert _names(find_files([footage / "out" / "x"], mark=mark), footage) == ["out/x"]
    assert _names(find_files([footage / "links.txt"], mark=mark), footage) == ["out/x"]
    assert _names(find_files([footage / "out" / "*"], mark=mark), footage) == results
    one = footage / "out" / "x" / "links.json"
    assert list(find_files([one], mark=mark)) == [one]  # what a command wrote is no list


def test_the_annotated_copy_of_a_linked_video_is_no_video_to_link(footage: Path) -> None:
    """`pins link . --out a`, then `--out b`: the second run linked what the first had drawn."""
    (footage / "a" / "b").mkdir(parents=True)
    for name in ("links.json", "annotated.mp4", "own.mp4"):
        (footage / "a" / "b" / name).touch()
    (footage / "annotated.mp4").touch()  # somebody's own: nothing was linked there
    found = _names(find_files([footage]), footage)
    assert "a/b/own.mp4" in found and "annotated.mp4" in found
    assert "a/b/annotated.mp4" not in found


def test_links_are_followed_once_and_one_to_nothing_costs_itself(footage: Path) -> None:
    elsewhere = footage.parent / f"{footage.name}_disk"
    (elsewhere / "year").mkdir(parents=True)
    (elsewhere / "year" / "z.mp4").touch()
    (footage / "disk").symlink_to(elsewhere)
    (elsewhere / "year" / "round").symlink_to(footage.parent)  # which holds both
    (footage / "again").symlink_to(footage / "day2")
    (footage / "gone.mp4").symlink_to(footage / "missing.mp4")
    found = _names(find_files([footage / "disk", footage]), footage)
    assert found.count("disk/year/z.mp4") == 1
    assert [name for name in found if "round" not in name] == [
        "disk/year/z.mp4", "a.MKV", "b.mp4", "day2/c.mov", "gone.mp4",
    ]  # fmt: skip


def test_what_may_not_be_read_is_listed_and_costs_itself(
    footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(place: object) -> object:  # as for one who is not root
        if str(place).endswith("day2"):
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", refuse)
    assert _names(find_files([footage]), footage) == ["a.MKV", "b.mp4", "day2"]
    with pytest.raises(MediaError, match="cannot be read"):
        find_files([footage / "day2"])
    with pytest.raises(PermissionError):
        content_key(footage / "day2")


def test_a_name_that_is_too_long_costs_itself(footage: Path) -> None:
    name = "x" * 300 + ".mp4"
    (footage / "list.json").write_text(json.dumps(["b.mp4", name]))
    found = find_files([footage / "list.json"])
    assert _names(list(found)[:1], footage) == ["b.mp4"] and list(found)[1].name == name
    assert Names.of_files(found).of(list(found)[1])
