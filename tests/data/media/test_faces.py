"""Pictures of a face from every form that a manifest may name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError

LEVELS = (20, 80, 140, 200)


def flat(level: int, width: int = 32, height: int = 32) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


@pytest.fixture(params=["folder", "video"])
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "folder":
        for index, level in enumerate(LEVELS):
            Image.fromarray(flat(level)).save(tmp_path / f"{index}.png")
        (tmp_path / "notes.txt").write_text("not a picture")
        return tmp_path
    with VideoWriter(tmp_path / "clip.mp4", 32, 32, 25) as writer:
        for level in LEVELS:
            writer.add_image(flat(level))
    return tmp_path / "clip.mp4"


def levels(faces: np.ndarray) -> np.ndarray:
    return faces.astype(float).mean(axis=(1, 2, 3))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [20, 80, 140, 200]),
        ({"num_frames": 2}, [80, 200]),
        ({"num_frames": 1}, [140]),
        ({"num_frames": 6}, [20, 80, 140, 200, 20, 80]),
    ],
)
def test_frames_are_chosen_in_order(clip: Path, options: dict, expected: list[int]) -> None:
    faces = load_faces(clip, 16, **options)
    assert faces.shape == (len(expected), 3, 16, 16)
    assert faces.dtype == np.uint8
    assert np.abs(levels(faces) - expected).max() < 4


def test_one_image_is_one_face(tmp_path: Path) -> None:
    Image.fromarray(flat(90)).save(tmp_path / "face.jpg")
    assert load_faces(tmp_path / "face.jpg", 24, num_frames=3).shape == (3, 3, 24, 24)


def test_wide_image_is_cropped_about_its_center(tmp_path: Path) -> None:
    image = np.concatenate([flat(0, 16), flat(200, 32), flat(0, 16)], axis=1)
    Image.fromarray(image).save(tmp_path / "wide.png")
    assert load_faces(tmp_path / "wide.png", 32).min() == 200


def test_colours_stay_in_order(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8, 3), (10, 100, 250), np.uint8)).save(tmp_path / "a.png")
    assert load_faces(tmp_path / "a.png", 8)[0, :, 4, 4].tolist() == [10, 100, 250]


def test_sideways_photo_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    image = np.concatenate([flat(0, 16, 32), flat(240, 16, 32)], axis=1)
    Image.fromarray(image).save(tmp_path / "a.jpg", exif=exif)
    face = load_faces(tmp_path / "a.jpg", 32)[0, 0].astype(float)
    assert face[:12].mean() < 20 and face[20:].mean() > 220


@pytest.mark.parametrize("name", ["absent.jpg", "absent.mp4", "empty", "text.jpg", "text.mp4"])
def test_unusable_input_is_named(tmp_path: Path, name: str) -> None:
    if name == "empty":
        (tmp_path / name).mkdir()
    elif name.startswith("text"):
        (tmp_path / name).write_text("no picture")
    with pytest.raises(MediaError, match=name):
        load_faces(tmp_path / name, 16)


@pytest.mark.parametrize("num_frames", [0, -1])
def test_no_picture_at_all_is_refused(clip: Path, num_frames: int) -> None:
    with pytest.raises(MediaError, match="at least one picture"):
        load_faces(clip, 16, num_frames=num_frames)
