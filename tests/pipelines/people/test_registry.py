"""The people of a set of videos: numbers stay, videos are replaced, files are whole or refused."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.errors import MediaError, PinsError
from pins_plugin.pipelines.people import registry as cast_file
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.people.vector_file import Appearance

AXES = np.eye(4)


def _cast() -> Cast:
    cast = Cast("face_recognition")
    cast.replace_video("a", [Appearance(cast.new_label(), "a", 3.0, AXES[0], AXES[3])])
    cast.replace_video("b", [Appearance(cast.new_label(), "b", 2.0, AXES[1])])
    return cast


def test_a_file_gives_back_what_was_saved(tmp_path: Path) -> None:
    cast = _cast()
    cast.save(tmp_path / "people.safetensors")
    again = Cast.load(tmp_path / "people.safetensors", "face_recognition")
    assert (again.labels, again.next_number) == (["PERSON_01", "PERSON_02"], 3)
    first, second = again.people()
    np.testing.assert_allclose(first.face, AXES[0])
    np.testing.assert_allclose(first.voice, AXES[3])
    assert second.voice is None and [a.seconds for a in again.appearances] == [3.0, 2.0]
    Cast("face_recognition").save(tmp_path / "nobody.safetensors")
    assert Cast.load(tmp_path / "nobody.safetensors").people() == []


def test_linking_a_video_again_replaces_what_it_had_added() -> None:
    cast = _cast()
    cast.replace_video("a", [Appearance("PERSON_01", "a", 1.0, AXES[2])])
    assert [(each.person, each.video, each.seconds) for each in cast.appearances] == [
        ("PERSON_01", "a", 1.0),
        ("PERSON_02", "b", 2.0),
    ]
    np.testing.assert_allclose(cast.people()[0].face, AXES[2])


def test_two_with_one_name_are_one_person() -> None:
    cast = _cast()
    cast.rename({"PERSON_02": "PERSON_01"})
    (only,) = cast.people()
    np.testing.assert_allclose(only.face, (AXES[0] + AXES[1]) / np.sqrt(2))


def test_a_number_is_never_given_twice() -> None:
    cast = _cast()
    assert cast.remove("PERSON_02") == 1
    assert cast.new_label() == "PERSON_03"


def test_another_encoder_and_other_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "people.safetensors"
    with pytest.raises(MediaError, match="no such file"):
        Cast.load(path)
    _cast().save(path)
    with pytest.raises(PinsError, match=r"expected faces of arcface\.onnx, got those of face_reco"):
        Cast.load(path, "arcface.onnx")
    with monkeypatch.context() as older:
        older.setattr(cast_file, "VERSION", "1")
        _cast().save(tmp_path / "old.safetensors")
    with pytest.raises(PinsError, match=r"expected version 2, got 1: voices of another encoder"):
        Cast.load(tmp_path / "old.safetensors")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(MediaError, match="damaged"):
        Cast.load(path)


def test_two_who_work_on_one_file_give_no_number_twice(tmp_path: Path) -> None:
    first, second = (Cast.of_folder(tmp_path, "face_recognition") for _ in range(2))
    for cast, video, axis in ((first, "a", 0), (second, "b", 1), (first, "c", 2)):
        with cast.held():
            cast.replace_video(video, [Appearance(cast.new_label(), video, 1.0, AXES[axis])])
    found = Cast.load(tmp_path / cast_file.FILE)
    assert [(each.person, each.video) for each in found.appearances] == [
        ("PERSON_01", "a"),
        ("PERSON_02", "b"),
        ("PERSON_03", "c"),
    ]


def test_whoever_holds_the_file_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import subprocess
    import sys

    monkeypatch.setattr(cast_file, "PATIENCE", 0.05)
    cast = Cast.of_folder(tmp_path, "face_recognition")
    lock = str(tmp_path / cast_file.LOCK)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import filelock, sys, time\n"
            "with filelock.FileLock(sys.argv[1]):\n"
            "    print('held', flush=True)\n"
            "    time.sleep(0.5)",
            lock,
        ],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    with cast.held():
        assert holder.wait(timeout=300) == 0  # it had let go before this one began
    assert "another `pins` works there" in caplog.text
    holder.stdout.close()


def test_what_fails_while_held_is_not_saved(tmp_path: Path) -> None:
    cast = Cast.of_folder(tmp_path, "face_recognition")
    with pytest.raises(RuntimeError), cast.held():
        cast.new_label()
        raise RuntimeError
    assert not (tmp_path / cast_file.FILE).exists()


def test_renames_that_swap_names_are_followed() -> None:
    cast = _cast()
    cast.rename({"PERSON_01": "ann", "PERSON_02": "ben"})
    cast.rename({"ann": "ben", "ben": "ann"})
    assert cast.renamed_since(0) == {
        "PERSON_01": "ben",
        "PERSON_02": "ann",
        "ann": "ben",
        "ben": "ann",
    }
    assert cast.renamed_since(1) == {"ann": "ben", "ben": "ann"}
    assert cast.renamed_since(2) == {}


def test_the_same_people_are_the_same_bytes(tmp_path: Path) -> None:
    contents = set()
    for number in range(12):  # the order of a header is drawn anew each time
        _cast().save(tmp_path / f"{number}.safetensors")
        contents.add((tmp_path / f"{number}.safetensors").read_bytes())
    assert len(contents) == 1
