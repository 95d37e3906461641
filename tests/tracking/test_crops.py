"""Crops: the alignment against a known similarity, the window against a direct reading."""

import numpy as np
import pytest

from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import ShapeError
from pins_plugin.tracking import crops
from pins_plugin.types import FaceTrack


def landmarks_at(angle: float, zoom: float, shift: tuple[float, float]) -> np.ndarray:
    """The template of an aligned face, turned, enlarged and moved into a picture."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return crops.TEMPLATE @ (zoom * turn).T + shift


def ramp_image(height: int, width: int) -> np.ndarray:
    """A picture whose red is x / 2 and whose green is y / 2."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x / 2, y / 2, 0 * x], axis=-1).round().astype(np.uint8)


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2])
def test_face_transform_inverts_a_similarity(angle: float) -> None:
    points = landmarks_at(angle, 130.0, (40.0, 70.0))
    matrix = crops.face_transform(points)
    np.testing.assert_allclose(points @ matrix[:, :2].T + matrix[:, 2], crops.TEMPLATE, atol=1e-9)


def test_face_transform_ignores_a_widening_mouth() -> None:
    points = landmarks_at(0.1, 130.0, (40.0, 70.0))
    wide = points.copy()
    across = wide[4] - wide[3]
    wide[3] -= 0.3 * across
    wide[4] += 0.3 * across
    np.testing.assert_allclose(crops.face_transform(points), crops.face_transform(wide), atol=1e-9)


def test_face_transform_refuses_other_shapes() -> None:
    with pytest.raises(ShapeError, match=r"shape \(5, 2\) .*, got \(68, 2\)"):
        crops.face_transform(np.zeros((68, 2)))
    with pytest.raises(ShapeError, match="places that are not known"):  # gave black pictures
        crops.face_transform(np.full((5, 2), np.nan))


@pytest.mark.parametrize("zoom", [60.0, 112.0, 400.0])
def test_align_face_reads_the_right_pixels(zoom: float) -> None:
    image = ramp_image(500, 500)
    face = crops.align_face(image, landmarks_at(0.0, zoom, (40.0, 60.0)), 112)
    place = (np.array([30, 80]) + 0.0) * zoom / 112 + np.array([40.0, 60.0])
    assert face.shape == (112, 112, 3)
    np.testing.assert_allclose(2.0 * face[80, 30, :2], place, atol=2 + zoom / 112)


def test_crop_mouth_centers_the_mouth_whatever_the_turn() -> None:
    image = np.zeros((400, 400), np.uint8)
    points = landmarks_at(0.5, 200.0, (120.0, 20.0))
    middle = points[3:].mean(axis=0).round().astype(int)
    image[middle[1] - 6 : middle[1] + 7, middle[0] - 6 : middle[0] + 7] = 255
    mouth = crops.crop_mouth(image, points)
    rows, columns = np.nonzero(mouth > 128)
    assert mouth.shape == crops.MOUTH_SIZE
    assert abs(columns.mean() - crops.MOUTH_SIZE[1] / 2) < 1
    expected_row = 24 - (133 - 129) / 72 * 64
    assert abs(rows.mean() - expected_row) < 1


def test_smooth_landmarks_keeps_a_still_face_and_calms_a_trembling_one() -> None:
    still = np.ones((20, 5, 2), np.float32)
    np.testing.assert_allclose(crops.smooth_landmarks(still), still, atol=1e-6)
    trembling = still + np.where(np.arange(20) % 2, 1, -1)[:, None, None]
    assert np.abs(crops.smooth_landmarks(trembling)[5:15] - 1).max() < 0.05


def test_extract_crops_follows_the_track(tmp_path) -> None:
    path = tmp_path / "video.mp4"
    with VideoWriter(path, 160, 120, 25) as writer:
        for index in range(10):
            writer.add_image(np.full((120, 160, 3), 20 * index, np.uint8))
    times = np.arange(2, 7) / 25
    points = np.tile(landmarks_at(0.0, 80.0, (20, 20)), (5, 1, 1)).astype(np.float32)
    track = FaceTrack("T1", times, np.zeros((5, 4), np.float32), points, np.ones(5, bool))
    found = crops.extract_crops(path, [track])["T1"]
    np.testing.assert_allclose(found.times, times, atol=1e-6)
    assert found.faces.shape == (5, 112, 112, 3)
    assert found.mouths.shape == (5, *crops.MOUTH_SIZE)
    assert found.lips.shape == (5, 88, 2)
    np.testing.assert_allclose(found.mouths.mean(axis=(1, 2)), 20 * np.arange(2, 7), atol=4)
    assert (found.presence < 10).all()  # a grey wall is no face
    alone = crops.extract_crops(path, [track], ["mouth"])["T1"]  # there were three for each
    np.testing.assert_array_equal(alone.mouths, found.mouths)
    few = crops.extract_crops(path, [track], ["face"], max_frames=2)["T1"]
    assert len(few.faces) == len(few.times) == 2
    assert few.mouths.shape == (0, *crops.MOUTH_SIZE)


def test_tracks_that_come_and_go_get_each_their_own_pictures(tmp_path) -> None:
    """Pictures are told apart by their gray; each track must have those of its own times, in any order."""
    path = tmp_path / "gray.mp4"
    with VideoWriter(path, 128, 96, 25.0) as video:
        for number in range(40):
            video.add_image(np.full((96, 128, 3), 20 + 5 * number, np.uint8))

    def track(name: str, first: int, last: int) -> FaceTrack:
        times = np.arange(first, last) / 25
        landmarks = np.tile(landmarks_at(0, 60, (30, 20)), (len(times), 1, 1)).astype(np.float32)
        boxes = np.zeros((len(times), 4), np.float32)
        return FaceTrack(name, times, boxes, landmarks, times >= 0)

    spans = {"late": (25, 40), "first": (0, 6), "whole": (0, 40), "middle": (5, 26)}
    tracks = [track(name, *span) for name, span in spans.items()]
    found = crops.extract_crops(path, tracks, ("face",))
    assert list(found) == list(spans)
    ended = [name for name, _ in crops.iter_crops(path, tracks, ("face",))]
    assert ended[:2] == ["first", "middle"] and set(ended) == set(spans)
    for name, (first, last) in spans.items():
        grays = found[name].faces.mean(axis=(1, 2, 3))
        np.testing.assert_allclose(grays, 20 + 5 * np.arange(first, last), atol=2.5)


def test_extract_crops_without_tracks_reads_nothing() -> None:
    assert crops.extract_crops("does-not-matter.mp4", []) == {}


@pytest.mark.parametrize("kinds", ["face", ("faces",)])
def test_unknown_kinds_are_refused(kinds: object) -> None:
    """They were crops of which there were none."""
    with pytest.raises(ShapeError, match="kinds: expected some of face, mouth, lips, got"):
        crops.extract_crops("does-not-matter.mp4", [], kinds)


def test_lips_open_when_a_real_mouth_opens(real_data) -> None:
    from pins_plugin.data.media.video import iter_frames
    from pins_plugin.tracking.face_mesh import load_face_mesh

    assert load_face_mesh().to_presence.weight.abs().sum() > 0
    image = next(iter_frames(real_data / "grid_s1" / "bbaf2n.mp4")).image
    # eyes, nose and mouth corners of that picture, read off by hand
    points = np.array([[75, 121], [120, 121], [97, 151], [83, 176], [116, 176]], np.float32)
    reader = crops.MeshReader()
    reader.add(image, points)
    lips, presence, mouths = reader.finish()
    assert presence[0] > 10
    assert mouths.shape == (1, *crops.MOUTH_SIZE)
    width = lips[0, 10, 0] - lips[0, 0, 0]
    opening = lips[0, 25, 1] - lips[0, 35, 1]
    assert 0.4 < width < 1.2
    assert 0.0 <= opening < 0.2
