"""One person twice in the picture is one person; two people who look alike are two."""

import numpy as np
import pytest

from pins_plugin.pipelines.people.face_tracks import group_faces
from pins_plugin.tracking.repeated_views import find_repeated_views
from pins_plugin.tracking.tracked_people import find_different_people, group_people
from pins_plugin.types import FaceTrack

FACE = np.array([[-0.5, 0], [0.5, 0], [0, 0.5], [-0.4, 1], [0.4, 1]])
PERSON = np.eye(16)[:1]


def walk(seed: int, seconds: float = 4.0) -> np.ndarray:
    """A head that sways, (num_frames, 2), in distances between the eyes."""
    steps = np.random.default_rng(seed).normal(size=(round(25 * seconds), 2))
    return 0.02 * np.cumsum(steps, axis=0)


def view(
    name: str, way: np.ndarray, left: float, size: float = 90.0, mirrored: bool = False
) -> FaceTrack:
    """A face (eyes `size` pixels apart) that follows a way, with detection noise of half a pixel."""
    sign = np.array([-1 if mirrored else 1, 1])
    middle = np.array([left, 100.0]) + size * way * sign
    noise = np.random.default_rng(len(name)).normal(scale=0.5, size=(len(way), 5, 2))
    landmarks = (middle[:, None] + size * FACE + noise).astype(np.float32)
    boxes = np.concatenate([landmarks.min(axis=1) - size / 2, landmarks.max(axis=1) + size / 2], 1)
    times = np.arange(len(way)) / 25
    return FaceTrack(name, times, boxes, landmarks, np.ones(len(way), bool), person=name)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("size", [90.0, 30.0])
def test_a_self_view_is_the_same_person(mirrored: bool, size: float) -> None:
    tracks = [view("A", walk(0), 200), view("B", walk(0), 600, size, mirrored)]
    embeddings = {"A": PERSON, "B": PERSON}
    assert find_different_people(tracks).any()
    assert {track.person for track in group_people(tracks, embeddings)} == {"PERSON_01"}
    assert {track.person for track in group_faces(tracks, embeddings, 0.62)} == {"PERSON_01"}


@pytest.mark.parametrize(
    ("second", "face"),
    [
        (view("B", walk(1), 600), PERSON),  # alike, but moves by itself
        (view("B", walk(0), 600), np.eye(16)[1:2]),  # moves as one (a camera that pans), not alike
        (view("B", 0 * walk(0), 600), PERSON),  # a picture on the wall
        (view("B", walk(0)[:40], 600), PERSON),  # seen together for too short a time
        (view("B", 3 * walk(0), 600), PERSON),  # a camera that pans over a large and a small face
    ],
)
def test_two_people_stay_two(second: FaceTrack, face: np.ndarray) -> None:
    tracks = [view("A", walk(0), 200), second]
    embeddings = {"A": PERSON, "B": face}
    apart = find_different_people(tracks)
    assert not find_repeated_views(tracks, np.concatenate([PERSON, face]), apart, 0.7).any()
    assert len({track.person for track in group_people(tracks, embeddings)}) == 2
    assert len({track.person for track in group_faces(tracks, embeddings, 0.62)}) == 2
