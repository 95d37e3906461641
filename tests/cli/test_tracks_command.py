"""`pins tracks` as a user meets it."""

import json
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.simulation.clip import plan_clip, render_faces


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One simulated person for half a second, then another one."""
    path = tmp_path_factory.mktemp("video") / "two.mp4"
    with VideoWriter(path, 200, 160, 25) as writer:
        for person in (0, 3, 0):
            for face in render_faces(plan_clip(0, person, 0), np.arange(12) / 25, 120):
                image = np.full((160, 200, 3), 40 + 60 * person, np.uint8)
                image[20:140, 40:160] = face
                writer.add_image(image)
    return path


def test_tracks_are_listed_and_written(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tracks.json"
    assert main(["tracks", str(video), "--out", str(out), "--people", "--quiet"]) == 0
    content = json.loads(out.read_text())
    assert [track["person"] for track in content["tracks"]] == [
        "PERSON_01",
        "PERSON_02",
        "PERSON_01",
    ]
    assert [len(track["boxes"]) for track in content["tracks"]] == [12, 12, 12]
    assert "3 face tracks in two.mp4" in capsys.readouterr().out


def test_no_faces_is_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with VideoWriter(tmp_path / "gray.mp4", 64, 64, 25) as writer:
        for _ in range(5):
            writer.add_image(np.full((64, 64, 3), 99, np.uint8))
    assert main(["tracks", str(tmp_path / "gray.mp4"), "--people", "--quiet"]) == 0
    assert "no face in gray.mp4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.mp4"], "no such file"),
        (["text.mp4"], "not a readable media file"),
        (["two.mp4", "--out", "tracks.xml"], "ends in .json or .csv"),
        (["two.mp4", "--people", "nowhere"], "no such model folder"),
        (["two.mp4", "--every", "0"], "detect_every: expected more than 0"),
    ],
)
def test_mistakes_are_one_line_and_status_2(
    video: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.mp4").write_text("not a video")
    (tmp_path / "two.mp4").write_bytes(video.read_bytes())
    assert main(["tracks", *arguments, "--quiet"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.mp4", "two.mp4"]


def test_tracks_of_an_archive_are_made_anew_with_another_model(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    from pins_plugin.cli import _model_keys
    from pins_plugin.models.folder.model_folder import resolve_source
    from pins_plugin.tracking import mtcnn

    model = tmp_path / "model"
    shutil.copytree(resolve_source("face_recognition"), model)
    command = ["tracks", str(video), "--out", str(tmp_path / "out"), "--jobs", "0", "--quiet"]
    assert main([*command, "--people", str(model)]) == 0
    assert "done already" not in capsys.readouterr().out
    assert main([*command, "--people", "face_recognition"]) == 0  # the same model, called otherwise
    assert "done already" in capsys.readouterr().out
    (model / "README.md").write_text("another model")
    assert main([*command, "--people", str(model)]) == 0
    assert "done already" not in capsys.readouterr().out
    before = _model_keys.detector_key()
    shutil.copytree(mtcnn.WEIGHTS.parent, tmp_path / "face_detector")  # the weights that are read
    (tmp_path / "face_detector" / mtcnn.WEIGHTS.name).write_text("new weights")
    monkeypatch.setattr(_model_keys, "PRETRAINED", tmp_path)
    assert main([*command, "--people", str(model)]) == 0
    assert "done already" not in capsys.readouterr().out and _model_keys.detector_key() != before
