"""How results are called: by stem where that tells files apart, by path where it does not."""

from pathlib import Path

import pytest

from pins_plugin.archive.inputs import choose_part, find_files
from pins_plugin.archive.names import Names

ALL = ("a/x.mp4", "a/y.mp4", "b/x.mp4", "b/c/x.mkv", "b/c/x.mp4", "flat/one.mp4", "flat/two.v2.mp4")


@pytest.fixture
def footage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ALL:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return Path("in")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["flat"], ["one", "two.v2"]),  # one folder: as ever
        (["flat/two.v2.mp4", "a/x.mp4"], ["two.v2", "x"]),  # names that tell them apart
        (["b"], ["c/x.mkv", "c/x.mp4", "x"]),  # below the folder, with endings where only they differ
        (["a", "flat"], ["x", "y", "one", "two.v2"]),
        (["a", "b/x.mp4"], ["a/x", "a/y", "b/x"]),  # alike: below what they have in common
        (["a/x.mp4", "b/x.mp4"], ["a/x", "b/x"]),
        (["*/*.mp4"], ["a/x", "a/y", "b/x", "flat/one", "flat/two.v2"]),
        (["b/c/x.mkv", "b/c/x.mp4"], ["x.mkv", "x.mp4"]),
        (["b/c", "b"], ["c/x.mkv", "c/x.mp4", "x"]),  # the outer folder counts
        ([".", "a/x.mp4"], ["a/x", "a/y", "b/c/x.mkv", "b/c/x.mp4", "b/x", "flat/one", "flat/two.v2"]),
    ],
)  # fmt: skip
def test_names_are_short_where_that_is_enough(
    footage: Path, given: list[str], expected: list[str]
) -> None:
    found = find_files([footage / each for each in given])
    names = Names.of_files(found)
    called = [names.of(path) for path in found]
    assert called == expected and len({*called}) == len(found)
    part = choose_part(list(found), (2, 2))  # a part is called as the whole is
    assert [names.of(path.absolute()) for path in part] == expected[1::2]


def test_a_list_of_an_archive_keeps_its_tree(footage: Path) -> None:
    Path("list.txt").write_text("in/a/x.mp4\nin/b/x.mp4\nin/b/c/x.mp4\n")
    found = find_files(["list.txt"])
    assert [Names.of_files(found).of(path) for path in found] == ["a/x", "b/x", "b/c/x"]


def test_what_is_known_by_stem_is_taken_where_only_one_file_has_it(footage: Path) -> None:
    names = Names.of_files(find_files([footage]))
    assert names.also(footage / "a" / "x.mp4") == ["a/x"]
    assert names.also(footage / "a" / "y.mp4") == ["a/y", "y"]
    assert Names().also(footage / "a" / "y.mp4") == ["y"]


def test_folders_that_are_one_item_keep_their_dots(tmp_path: Path) -> None:
    for name in ("day.1", "day.2"):
        (tmp_path / "out" / name).mkdir(parents=True)
        (tmp_path / "out" / name / "links.json").write_text("{}")
    found = find_files([tmp_path], mark="links.json")
    assert [Names.of_files(found).of(path) for path in found] == ["out/day.1", "out/day.2"]
    alone = find_files([tmp_path / "out" / "day.1", tmp_path / "out" / "day.2"], mark="links.json")
    names = Names.of_files(alone, lambda path: "talk")  # of one video's stem each
    assert [names.of(path, lambda path: "talk") for path in alone] == ["day.1", "day.2"]
