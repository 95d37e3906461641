"""The people of a set of videos: numbers stay, videos are replaced, files are whole or refused."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.errors import MediaError, PinsError
from pins_plugin.pipelines.people import registry as cast_file
from pins_plugin.pipelines.people.registry import Appearance, Cast

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
