"""From file to tracks: simulated faces at known places, real clips beside per-frame detection."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.video import iter_frames
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.tracking import tracks
from pins_plugin.tracking.boxes import box_overlaps
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.types import FaceTrack

SIDE = 120  # pixels of a simulated face's picture


def _inside(track: FaceTrack, corners: np.ndarray) -> np.ndarray:
    """Centers of the boxes within the picture of the face, (num_frames, 2)."""
    return (track.boxes[:, :2] + track.boxes[:, 2:]) / 2 - corners


def test_a_moving_face_keeps_its_place_in_its_own_picture(write_scene) -> None:
    video, corners = write_scene([(0, 0, 25, 5, 3.0, 60)])
    (track,) = track_faces(video, quiet=True)
    np.testing.assert_allclose(track.times, np.arange(25) / 25, atol=1e-3)
    center = _inside(track, corners[0])
    assert np.abs(center.mean(axis=0) - SIDE / 2).max() < 0.2 * SIDE
    assert center.std(axis=0).max() < 0.015 * SIDE
    local = track.landmarks - corners[0][:, None]
    assert local.std(axis=0).max() < 0.02 * SIDE
    assert track.detected.all()
    assert (local[:, 0, 0] < local[:, 1, 0]).all()  # left eye as seen in the picture
    assert 0.4 * SIDE < track.quality["size"] < SIDE
    assert track.quality["detection"] > 0.9


def test_two_faces_that_come_and_go(write_scene) -> None:
    video, corners = write_scene(
        [(0, 0, 40, 40, 0.0, 0), (1, 10, 33, 400, -0.5, 200)], 40, size=(360, 640)
    )
    first, second = track_faces(video, quiet=True)
    assert (first.track, second.track) == ("T001", "T002")
    assert len(first.times) == 40
    assert abs(second.start - 10 / 25) < 0.05
    assert abs(second.end - 32 / 25) < 0.05
    assert (first.shot, second.shot) == (0, 0)
    start = round(25 * second.start)
    center = _inside(second, corners[1][start - 10 : start - 10 + len(second.times)])
    assert np.abs(center - SIDE / 2).max() < 0.2 * SIDE


def test_a_cut_ends_the_tracks(write_scene) -> None:
    video, _ = write_scene([(0, 0, 20, 20, 0.0, 60), (2, 20, 40, 180, 0.0, 60)], 40)
    first, second = track_faces(video, quiet=True)
    assert first.shot < second.shot
    np.testing.assert_allclose(first.times, np.arange(20) / 25, atol=1e-3)
    np.testing.assert_allclose(second.times, np.arange(20, 40) / 25, atol=1e-3)


def test_a_cut_that_changes_nothing_but_one_face_ends_its_track(write_scene) -> None:
    people = [(0, 0, 20, 40, 0.0, 100), (2, 20, 40, 40, 0.0, 100), (1, 0, 40, 600, 0.0, 100)]
    video, _ = write_scene(people, 40, size=(480, 960))
    first, other, second = track_faces(video, quiet=True)
    np.testing.assert_allclose(first.times, np.arange(20) / 25, atol=1e-3)
    np.testing.assert_allclose(second.times, np.arange(20, 40) / 25, atol=1e-3)
    assert len(other.times) == 40
    assert (first.shot, other.shot, second.shot) == (0, 0, 1)


def test_times_are_those_of_the_pictures(write_scene) -> None:
    times = np.cumsum(np.where(np.arange(25) % 3, 0.02, 0.09))
    video, _ = write_scene([(0, 0, 25, 90, 0.0, 60)], times=times)
    (track,) = track_faces(video, quiet=True)
    shown = [frame.time for frame in iter_frames(video)]
    np.testing.assert_allclose(track.times, shown)
    np.testing.assert_allclose(np.diff(track.times), np.diff(times), atol=2e-3)


def test_shrinking_gives_boxes_of_the_original_picture(
    write_scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, _ = write_scene([(0, 0, 15, 30, 0.0, 60)], 15, size=(241, 323))
    (large,) = track_faces(video, quiet=True)
    monkeypatch.setattr(tracks, "PICTURE_SIDE", 150)
    (small,) = track_faces(video, quiet=True)
    overlaps = box_overlaps(large.boxes, small.boxes).diagonal()
    assert overlaps.min() > 0.75


def test_a_video_without_faces_has_no_tracks(write_scene) -> None:
    video, _ = write_scene([], 12)
    assert track_faces(video, quiet=True) == []


@pytest.mark.parametrize("num_frames", [1, 2])
def test_a_glimpse_is_no_track(write_scene, num_frames: int) -> None:
    video, _ = write_scene([(0, 0, num_frames, 90, 0.0, 60)], num_frames)
    assert track_faces(video, quiet=True) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("detect_every", 0), ("detect_every", float("nan")), ("detect_every", 1000.0), ("min_face_height", 40.0)],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(name: str, value: float) -> None:
    with pytest.raises(PinsError, match=rf"{name}: expected more than 0 and at most \d+, got"):
        TrackerSettings(**{name: value})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"none\.mp4: no such file"):
        track_faces(tmp_path / "none.mp4", quiet=True)


@pytest.mark.parametrize("name", ["p02_01.mpg", "p42_01.mp4"])
def test_real_clips_are_covered_as_by_detection_in_every_picture(
    real_data: Path, name: str
) -> None:
    from facenet_pytorch import MTCNN

    video = real_data / "clips" / name
    (track,) = track_faces(video, quiet=True)
    detector, overlaps, apart = MTCNN(keep_all=True), [], []
    for number, frame in enumerate(iter_frames(video)):
        if number % 15 == 0:
            boxes, probabilities, points = detector.detect(frame.image, landmarks=True)
            best = int(np.argmax(probabilities))
            row = int(np.searchsorted(track.times, frame.time - 1e-4))
            box = np.asarray(boxes[best], float)[None]
            overlaps.append(box_overlaps(box, track.boxes[[row]])[0, 0])
            distance = np.linalg.norm(
                np.asarray(points[best], float) - track.landmarks[row], axis=1
            )
            apart.append(distance / np.sqrt((box[0, 2:] - box[0, :2]).prod()))
    assert np.mean(np.array(overlaps) > 0.5) == 1
    assert np.mean(apart) < 0.04
