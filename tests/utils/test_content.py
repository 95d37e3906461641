"""What a file is by its content."""

import os
from pathlib import Path

from pins_plugin.utils.content import content_key, describe_file, source_key


def test_content_counts_and_names_and_times_do_not(tmp_path: Path) -> None:
    for name, text in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (0, len(name)))
    assert content_key(tmp_path / "a") == content_key(tmp_path / "b")
    assert content_key(tmp_path / "a") != content_key(tmp_path / "c")


def test_a_folder_is_what_its_files_are(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a").write_text("one")
    keys = [content_key(folder)]
    (folder / ".hidden").write_text("x")
    assert content_key(folder) == keys[0]
    (folder / "deep" / "a").write_text("two")
    keys.append(content_key(folder))
    (folder / "deep" / "a").rename(folder / "deep" / "b")
    keys.append(content_key(folder))
    assert len(set(keys)) == 3


def test_a_name_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("x")
    assert source_key(None) == "" and source_key("facenet") == "name facenet"
    assert source_key(tmp_path / "m") == content_key(tmp_path / "m")


def test_content_is_read_again_only_where_the_file_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one")
    known = describe_file(path)
    assert known["path"] == str(path.resolve()) and known["size"] == 3
    assert describe_file(path, {**known, "content": "as noted"})["content"] == "as noted"
    os.utime(path, ns=(0, known["changed"] + 1))
    assert describe_file(path, {**known, "content": "as noted"})["content"] == known["content"]
    assert describe_file(path, "no mapping")["content"] == known["content"]
