"""Tracks survive their files."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.video import VideoInfo
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.tracking.track_files import read_tracks, write_tracks
from pins_plugin.types import FaceTrack

INFO = VideoInfo(Path("a.mp4"), 320, 240, 25.0, 2.0, 0, True)


@pytest.fixture
def tracks() -> list[FaceTrack]:
    generator = np.random.default_rng(0)
    return [
        FaceTrack(
            f"T{number:03d}",
            np.arange(5) / 25 + number,
            generator.uniform(0, 200, (5, 4)).astype(np.float32),
            generator.uniform(0, 200, (5, 5, 2)).astype(np.float32),
            np.array([True, False, True, True, True]),
            number,
            {"size": 80.0, "detection": 0.99},
            person,
        )
        for number, person in enumerate([None, "PERSON_01"])
    ]


def test_json_gives_back_what_was_written(tmp_path: Path, tracks: list[FaceTrack]) -> None:
    write_tracks(tmp_path / "tracks.json", tracks, INFO)
    content = json.loads((tmp_path / "tracks.json").read_text())
    assert (content["version"], content["width"], content["duration"]) == (1, 320, 2.0)
    for track, read in zip(tracks, read_tracks(tmp_path / "tracks.json"), strict=True):
        assert (read.track, read.person, read.shot) == (track.track, track.person, track.shot)
        assert read.quality == track.quality
        np.testing.assert_allclose(read.times, track.times, atol=1e-4)
        np.testing.assert_allclose(read.boxes, track.boxes, atol=0.01)
        np.testing.assert_allclose(read.landmarks, track.landmarks, atol=0.01)
        np.testing.assert_array_equal(read.detected, track.detected)


def test_csv_has_one_row_per_face_and_picture(tmp_path: Path, tracks: list[FaceTrack]) -> None:
    write_tracks(tmp_path / "tracks.csv", tracks, INFO)
    with (tmp_path / "tracks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert [row["person"] for row in rows] == [""] * 5 + ["PERSON_01"] * 5
    assert float(rows[7]["y2"]) == pytest.approx(tracks[1].boxes[2, 3], abs=0.01)
    assert float(rows[7]["nose_x"]) == pytest.approx(tracks[1].landmarks[2, 2, 0], abs=0.01)
    assert rows[1]["detected"] == "0"


def test_what_a_tracker_does_not_know_is_left_out(tmp_path: Path, tracks: list[FaceTrack]) -> None:
    """Trackers of other packages may find no landmarks; labels are theirs, too."""
    tracks[0].landmarks[:] = np.nan
    tracks[0].quality["sharpness"] = np.nan
    stranger = replace(tracks[0], person="=1+1")
    write_tracks(tmp_path / "tracks.json", [stranger], INFO)
    (read,) = read_tracks(tmp_path / "tracks.json")
    assert np.isnan(read.landmarks).all()
    assert read.quality == {"size": 80.0, "detection": 0.99}
    write_tracks(tmp_path / "tracks.csv", [stranger], INFO)
    assert (tmp_path / "tracks.csv").read_text().count(",'=1+1,") == 5


def test_no_tracks_are_a_valid_file(tmp_path: Path) -> None:
    write_tracks(tmp_path / "none.json", [], INFO)
    assert read_tracks(tmp_path / "none.json") == []


def test_other_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PinsError, match=r"ends in \.json or \.csv, got '\.txt'"):
        write_tracks(tmp_path / "tracks.txt", [], INFO)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", '{"tracks": [{}]}', "no json"])
def test_other_content_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(MediaError, match=r"not a (file of face tracks|JSON file)"):
        read_tracks(tmp_path / "bad.json")
    with pytest.raises(MediaError, match="no such file"):
        read_tracks(tmp_path / "missing.json")


@pytest.mark.parametrize(
    "change",
    [
        {"shot": None},
        {"boxes": [[10**400] * 5]},
        {"quality": {"size": 10**400}},
        {"quality": [1]},
        {"quality": {"size": "large"}},
        {"boxes": []},
        {"boxes": [[float("nan"), 1, 2, 3, 4]]},
        {"boxes": [[1, 1, 2, 3, 4], [0, 1, 2, 3, 4]]},
        {"detected": [True, False]},
    ],
)
def test_numbers_of_strangers_that_are_none_are_refused(tmp_path: Path, change: dict) -> None:
    entry = {"track": "T0", "person": None, "shot": 0, "boxes": [[0, 1, 2, 3, 4]], **change}
    (tmp_path / "t.json").write_text(json.dumps({"tracks": [entry]}))
    with pytest.raises(MediaError):
        read_tracks(tmp_path / "t.json")
    usable = {"shot": 1, "boxes": [[0, 1, 2, 3, 4]], "quality": {}, "person": 5, "detected": [1]}
    (tmp_path / "t.json").write_text(json.dumps({"tracks": [{**entry, **usable}]}))
    assert read_tracks(tmp_path / "t.json")[0].person == "5"
