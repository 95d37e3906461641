"""`pins people`: examples come and go, useless ones are refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pins_plugin.cli import main


def test_examples_are_added_listed_and_removed(
    tmp_path: Path, real_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pins_plugin.data.media.video import iter_frames

    frame = next(iter_frames(real_data / "clips" / "p36_01.mp4"))
    Image.fromarray(frame.image).save(tmp_path / "frame.jpg")
    cast = str(tmp_path / "cast")
    assert main(["people", cast, "add", "anna", str(tmp_path / "frame.jpg")]) == 0
    capsys.readouterr()
    assert main(["people", cast, "list"]) == 0
    assert capsys.readouterr().out == "anna anna.jpg\n"
    assert main(["people", cast, "remove", "anna"]) == 0
    assert main(["people", cast, "remove", "anna"]) == 2
    capsys.readouterr()
    assert main(["people", cast, "list"]) == 2  # as where the folder's name is mistyped
    assert "holds no examples" in capsys.readouterr().err


def test_a_picture_without_a_face_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (120, 90), (90, 120, 90)).save(tmp_path / "wall.png")
    assert main(["people", str(tmp_path / "cast"), "add", "anna", str(tmp_path / "wall.png")]) == 2
    assert "shows no face" in capsys.readouterr().err
    assert main(["people", str(tmp_path / "cast"), "add", "anna", str(tmp_path / "anna.jpg")]) == 2
    assert "anna.jpg: no such file" in capsys.readouterr().err
    assert not (tmp_path / "cast").exists()


@pytest.mark.parametrize("name", ["..", ".", ".anna", "a/b", "a\\b", "a\0b", "a\x1b[2J", ""])
def test_names_that_are_no_names_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Image.new("RGB", (120, 90)).save(tmp_path / "wall.png")
    assert main(["people", str(tmp_path / "cast"), "add", name, str(tmp_path / "wall.png")]) == 2
    assert "expected the name of a person" in capsys.readouterr().err


def test_files_of_file_systems_are_no_examples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pins_plugin.pipelines.people.enrollment import load_people

    for name in ("anna.jpg", "._anna.jpg"):
        (tmp_path / name).write_bytes(b"x")
    seen: list[str] = []

    def embed(path: Path) -> np.ndarray:
        seen.append(path.name)
        return np.ones(2)

    assert [person.name for person in load_people(tmp_path, embed, embed)] == ["anna"]
    assert seen == ["anna.jpg"]
    assert main(["people", str(tmp_path), "list"]) == 0
    assert capsys.readouterr().out == "anna anna.jpg\n"


def test_examples_that_would_have_one_name_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.jpg", "b.JPG"):
        Image.new("RGB", (120, 90)).save(tmp_path / name, format="JPEG")
    both = [str(tmp_path / name) for name in ("a.jpg", "b.JPG")]
    assert main(["people", str(tmp_path / "cast"), "add", "ben", *both]) == 2
    assert "they would all be ben.jpg" in capsys.readouterr().err
