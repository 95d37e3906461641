"""Tracks are joined where their faces are clearly alike; which of two similar people it is stays open."""

import numpy as np
import pytest

from pins_plugin.pipelines.people.face_tracks import SURE, group_faces
from pins_plugin.types import FaceTrack

SAME = 0.7


def _track(number: int, start: float) -> FaceTrack:
    times = start + np.arange(4.0)
    boxes = np.tile(np.float32([0, 0, 10, 10]), (4, 1))
    return FaceTrack(f"T{number}", times, boxes, np.zeros((4, 5, 2)), times >= 0)


def _at(cosine: float) -> np.ndarray:
    return np.array([[cosine, np.sqrt(1 - cosine**2), 0.0]])


@pytest.mark.parametrize(("cosine", "people"), [(0.65, 2), (0.73, 2), (0.74, 1), (0.9, 1)])
def test_alike_enough_lies_half_way_to_sure(cosine: float, people: int) -> None:
    assert pytest.approx(0.735) == (SAME + SURE) / 2
    embeddings = {"T0": _at(1.0), "T1": _at(cosine)}
    joined = group_faces([_track(0, 0), _track(1, 10)], embeddings, SAME)
    assert len({track.person for track in joined}) == people


def test_an_encoder_that_asks_for_more_than_sure_gets_it() -> None:
    embeddings = {"T0": _at(1.0), "T1": _at(0.9)}
    joined = group_faces([_track(0, 0), _track(1, 10)], embeddings, 0.95)
    assert [track.person for track in joined] == ["PERSON_01", "PERSON_02"]


def test_people_are_numbered_as_they_appear_and_faceless_tracks_stay_alone() -> None:
    tracks = [_track(0, 20), _track(1, 10), _track(2, 0)]
    joined = group_faces(tracks, {"T0": _at(1.0), "T2": _at(1.0)}, SAME)
    assert [track.person for track in joined] == ["PERSON_01", "PERSON_02", "PERSON_01"]
    assert group_faces([], {}, SAME) == []


def test_two_in_one_picture_are_two() -> None:
    left, right = _track(0, 0), _track(1, 0)
    right.boxes[:, [0, 2]] += 100
    embeddings = {"T0": _at(1.0), "T1": _at(1.0)}
    assert len({t.person for t in group_faces([left, right], embeddings, SAME)}) == 2
