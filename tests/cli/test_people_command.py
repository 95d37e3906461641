"""`pins people`: examples come and go, useless ones are refused."""

from pathlib import Path

import pytest
from PIL import Image

from pins_plugin.cli import main


def test_examples_are_added_listed_and_removed(
    tmp_path: Path, real_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pins_plugin.data.video import iter_frames

    frame = next(iter_frames(real_data / "clips" / "p36_01.mp4"))
    Image.fromarray(frame.image).save(tmp_path / "frame.jpg")
    cast = str(tmp_path / "cast")
    assert main(["people", cast, "add", "anna", str(tmp_path / "frame.jpg")]) == 0
    capsys.readouterr()
    assert main(["people", cast, "list"]) == 0
    assert capsys.readouterr().out == "anna anna.jpg\n"
    assert main(["people", cast, "remove", "anna"]) == 0
    assert main(["people", cast, "remove", "anna"]) == 2


def test_a_picture_without_a_face_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (120, 90), (90, 120, 90)).save(tmp_path / "wall.png")
    assert main(["people", str(tmp_path / "cast"), "add", "anna", str(tmp_path / "wall.png")]) == 2
    assert "shows no face" in capsys.readouterr().err
    assert not (tmp_path / "cast").exists()
