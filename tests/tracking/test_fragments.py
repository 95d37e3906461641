"""Fragments of one face become one, others stay apart."""

import numpy as np

from pins_plugin.tracking.detector import Detections
from pins_plugin.tracking.follow import RawTrack
from pins_plugin.tracking.fragments import Sighting, confirm, join_fragments, number_shots


def _sighting(first: int, last: int, left: float, shot: int = 0, score: float = 0.9) -> Sighting:
    frames = np.arange(first, last)
    boxes = np.tile(np.array([left, 0, left + 40, 50], np.float32), (len(frames), 1))
    faces = Detections(
        boxes, np.zeros((len(frames), 5, 2), np.float32), np.full(len(frames), score, np.float32)
    )
    return Sighting(shot, frames, faces, sharpness=10.0)


def test_fragments_that_meet_are_joined_in_any_order() -> None:
    parts = [_sighting(18, 30, 4, score=0.99), _sighting(0, 20, 0), _sighting(29, 40, 8)]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        (whole,) = join_fragments([parts[number] for number in order])
        np.testing.assert_array_equal(whole.frames, np.arange(40))
        assert whole.faces.boxes[17, 0] == 0
        assert whole.faces.boxes[18, 0] == 4  # the more probable one where both are
        assert len(whole.faces.probabilities) == 40


def test_neighbors_other_shots_and_later_faces_stay_apart() -> None:
    beside, other_shot = _sighting(0, 20, 60), _sighting(15, 30, 0, shot=1)
    later = _sighting(25, 40, 0)
    parts = [_sighting(0, 20, 0), beside, other_shot, later]
    assert len(join_fragments(parts)) == 4


def test_fragments_are_joined_behind_a_face_seen_for_another_time() -> None:
    other, first, second = _sighting(0, 30, 60), _sighting(1, 20, 0), _sighting(18, 30, 4)
    joined = join_fragments([other, first, second])
    assert [len(each.frames) for each in joined] == [30, 29]


def test_confirm_keeps_what_was_seen() -> None:
    face = _sighting(3, 9, 0).faces
    scores = np.array([0.1, 0.9, 0.95, 0.2, 0.8, 0.1], np.float32)
    raw = RawTrack(
        2, [3], [face.boxes[0]], [np.arange(3, 9)], [face._replace(probabilities=scores)]
    )
    raw.sharpness.append(7.0)
    raw.changes.append(np.zeros(6))
    (seen,) = confirm(raw)
    assert seen.frames.tolist() == [4, 5, 7]
    assert (seen.shot, seen.sharpness) == (2, 7.0)
    raw.faces = [face._replace(probabilities=scores / 2)]
    assert confirm(raw) == []


def test_another_face_in_the_same_place_is_a_track_and_a_shot_of_its_own() -> None:
    changes = np.full(20, 0.02)
    changes[[2, 3, 4]] = 0.5  # a head that is thrown about
    changes[8] = 0.9
    raw = RawTrack(2, [0], [], [np.arange(20)], [_sighting(0, 20, 0).faces], [7.0], [changes])
    parts = join_fragments(confirm(raw))
    assert [(one.frames[0], one.frames[-1]) for one in parts] == [(0, 7), (8, 19)]
    assert number_shots(parts) == [2, 3]
