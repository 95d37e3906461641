"""Following, with a detector that sees white squares on black."""

import numpy as np
import pytest

from pins_plugin.tracking.detector import Detections
from pins_plugin.tracking.follow import FaceFollower, RawTrack
from pins_plugin.tracking.shots import Chunk

SIDE = 12


class SquareDetector:
    """Finds squares whose value is even (everywhere) or odd (only where it is told to look)."""

    def __init__(self) -> None:
        self.looked_at = 0

    def detect(self, images: np.ndarray) -> list[Detections]:
        return [self._find(image, visible=range(2, 256, 2)) for image in images]

    def refine(self, images: np.ndarray, index: np.ndarray, boxes: np.ndarray) -> Detections:
        self.looked_at += len(index)
        found, scores = [], []
        for number, box in zip(index, boxes, strict=True):
            x1, y1, x2, y2 = (max(0, round(float(value))) for value in box)
            window = np.zeros_like(images[number])
            window[y1:y2, x1:x2] = images[number][y1:y2, x1:x2]
            best = self._find(window, visible=range(1, 256))
            full = self._find(images[number], visible=range(1, 256))
            good = len(best.boxes) > 0
            nearest = np.abs(full.boxes - best.boxes[0]).sum(axis=1).argmin() if good else 0
            found.append(full.boxes[nearest] if good else box)
            scores.append(float(good))
        boxes = np.array(found, np.float32).reshape(-1, 4)
        return Detections(boxes, np.repeat(boxes[:, None, :2], 5, 1), np.array(scores, np.float32))

    @staticmethod
    def _find(image: np.ndarray, visible: range) -> Detections:
        boxes = []
        for value in sorted(set(np.unique(image)) & set(visible)):
            rows, columns = np.nonzero(image[..., 0] == value)
            boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        array = np.array(boxes, np.float32).reshape(-1, 4)
        return Detections(
            array, np.repeat(array[:, None, :2], 5, 1), np.ones(len(array), np.float32)
        )


def _movie(
    *paths: dict[int, tuple[int, int]], num_frames: int, values: tuple[int, ...]
) -> np.ndarray:
    images = np.zeros((num_frames, 60, 200, 3), np.uint8)
    for path, value in zip(paths, values, strict=True):
        for frame, (x, y) in path.items():
            images[frame, y : y + SIDE, x : x + SIDE] = value
    return images


def _follow(images: np.ndarray, chunk_frames: int = 9, **options) -> list[RawTrack]:
    options = {"key_distance": 4, "max_gap": 8, **options}
    follower = FaceFollower(SquareDetector(), **options)
    finished, begin = [], 0
    while begin < len(images):
        part = images[begin : begin + chunk_frames]
        times = np.arange(begin, begin + len(part)) / 25
        if len(part) > (begin > 0):
            finished += follower.add(Chunk(0, times, part, continues=begin > 0))
        begin += chunk_frames - 1
    return finished + follower.finish()


def _seen(track: RawTrack) -> dict[int, list[float]]:
    frames = np.concatenate(track.frames)
    boxes = np.concatenate([faces.boxes for faces in track.faces])
    good = np.concatenate([faces.probabilities for faces in track.faces]) > 0.7
    assert (np.diff(frames) > 0).all()
    return dict(zip(frames[good].tolist(), boxes[good].tolist(), strict=True))


@pytest.mark.parametrize("chunk_frames", [5, 9, 100])
def test_a_moving_face_is_located_at_every_frame(chunk_frames: int) -> None:
    path = {frame: (10 + 2 * frame, 20) for frame in range(30)}
    (track,) = _follow(_movie(path, num_frames=30, values=(200,)), chunk_frames)
    boxes = _seen(track)
    assert boxes == {f: [x, y, x + SIDE, y + SIDE] for f, (x, y) in path.items()}


def test_a_face_is_followed_back_to_where_it_came_in_between_two_keys() -> None:
    path = {frame: (50, 20) for frame in range(6, 19)}
    (track,) = _follow(_movie(path, num_frames=30, values=(200,)))
    assert sorted(_seen(track)) == list(range(6, 19))


def test_two_faces_are_two_tracks_that_do_not_swap() -> None:
    left = {frame: (10 + frame, 20) for frame in range(24)}
    right = {frame: (120 - frame, 20) for frame in range(24)}
    tracks = _follow(_movie(left, right, num_frames=24, values=(100, 200)))
    assert len(tracks) == 2
    starts = sorted(_seen(track)[0][0] for track in tracks)
    assert starts == [10, 120]
    for track in tracks:
        boxes = _seen(track)
        assert abs(boxes[23][0] - boxes[0][0]) == 23


def test_a_face_that_the_detector_misses_is_found_by_looking_at_its_place() -> None:
    """Squares of odd value are not detected, but refinement sees them."""
    path = {frame: (50, 20) for frame in range(20)}
    images = _movie(path, num_frames=20, values=(200,))
    images[6:14][images[6:14] > 0] = 201
    (track,) = _follow(images)
    assert sorted(_seen(track)) == list(range(20))


def test_a_short_absence_is_bridged_and_a_long_one_is_not() -> None:
    path = {frame: (50, 20) for frame in [*range(10), *range(15, 30)]}
    assert len(_follow(_movie(path, num_frames=30, values=(200,)))) == 1
    path = {frame: (50, 20) for frame in [*range(10), *range(25, 40)]}
    assert len(_follow(_movie(path, num_frames=40, values=(200,)))) == 2


def test_tracks_end_with_their_shot() -> None:
    images = _movie({f: (50, 20) for f in range(20)}, num_frames=20, values=(200,))
    follower = FaceFollower(SquareDetector(), key_distance=4, max_gap=8)
    times = np.arange(20) / 25
    finished = follower.add(Chunk(0, times[:10], images[:10], continues=False))
    assert finished == []
    finished = follower.add(Chunk(1, times[10:], images[10:], continues=False))
    (before,), (after,) = finished, follower.finish()
    assert (before.shot, after.shot) == (0, 1)
    assert sorted(_seen(before)) == list(range(10))
    assert sorted(_seen(after)) == list(range(10, 20))


def test_no_faces_no_tracks() -> None:
    assert _follow(np.zeros((12, 60, 200, 3), np.uint8)) == []


def test_faces_that_are_lost_together_are_told_apart() -> None:
    images = _movie(
        dict.fromkeys(range(9), (20, 10)),
        dict.fromkeys(range(9), (120, 30)),
        num_frames=40,
        values=(2, 4),
    )
    tracks = _follow(images)
    assert sorted(float(track.faces[0].boxes[0, 0]) for track in tracks) == [20, 120]
