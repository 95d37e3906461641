"""Grouping of tracks: similarity merges, presence in one picture separates."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.errors import ShapeError
from pins_plugin.tracking.tracked_people import (
    cluster_directions,
    embed_tracks,
    find_different_people,
    group_people,
)
from pins_plugin.types import FaceTrack


def _track(name: str, start: float, end: float, left: float = 0.0) -> FaceTrack:
    times = np.arange(round(start * 25), round(end * 25)) / 25
    boxes = np.tile(np.array([left, 0, left + 50, 60], np.float32), (len(times), 1))
    landmarks = np.zeros((len(times), 5, 2), np.float32)
    return FaceTrack(name, times, boxes, landmarks, np.ones(len(times), bool))


def _people(num_people: int, generator: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(generator.normal(size=(16, 16)))[0][:num_people]


def _faces(person: np.ndarray, generator: np.random.Generator, noise: float = 0.1) -> np.ndarray:
    return person + noise * generator.normal(size=(5, len(person)))


def test_tracks_of_one_person_get_one_label_in_order_of_appearance() -> None:
    generator = np.random.default_rng(0)
    people = _people(3, generator)
    who = [0, 1, 0, 2, 1, 0]
    tracks = [_track(f"T{i}", 2.0 * i, 2.0 * i + 1) for i in range(6)]
    embeddings = {f"T{i}": _faces(people[p], generator) for i, p in enumerate(who)}
    shuffled = [tracks[i] for i in (3, 0, 5, 1, 4, 2)]
    named = {track.track: track.person for track in group_people(shuffled, embeddings)}
    assert [named[f"T{i}"] for i in range(6)] == [f"PERSON_{p + 1:02d}" for p in who]


def test_two_faces_in_one_picture_are_two_people_however_alike() -> None:
    generator = np.random.default_rng(1)
    person = _people(1, generator)[0]
    tracks = [_track("A", 0, 2), _track("B", 1, 3, left=200), _track("C", 4, 5)]
    embeddings = {name: _faces(person, generator, 0.01) for name in "ABC"}
    labels = [track.person for track in group_people(tracks, embeddings)]
    assert labels[0] != labels[1]
    assert labels[2] in labels[:2]


def test_constraints_hold_for_whole_clusters() -> None:
    """a is like b, b is like c, a and c were seen together: b may join only one of them."""
    angles = np.deg2rad([0, 20, 35])
    sums = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    apart = np.zeros((3, 3), bool)
    apart[0, 2] = apart[2, 0] = True
    assert cluster_directions(sums, apart, 0.8).tolist() == [0, 1, 1]
    assert cluster_directions(sums, np.zeros((3, 3), bool), 0.8).tolist() == [0, 0, 0]


def test_one_face_tracked_twice_is_no_contradiction() -> None:
    twice = [_track("A", 0, 2), _track("B", 1, 3, left=5)]
    assert not find_different_people(twice).any()
    beside = [_track("A", 0, 2), _track("B", 1, 3, left=60), _track("C", 2.5, 4)]
    expected = np.zeros((3, 3), bool)
    expected[0, 1] = expected[1, 0] = expected[1, 2] = expected[2, 1] = True
    np.testing.assert_array_equal(find_different_people(beside), expected)


def test_a_track_without_embedding_stays_alone() -> None:
    generator = np.random.default_rng(2)
    person = _people(1, generator)[0]
    tracks = [_track("A", 0, 1), _track("B", 2, 3), _track("C", 4, 5)]
    embeddings = {name: _faces(person, generator) for name in "AC"}
    assert [track.person for track in group_people(tracks, embeddings)] == [
        "PERSON_01",
        "PERSON_02",
        "PERSON_01",
    ]


def test_nothing_to_group() -> None:
    assert group_people([], {}) == []
    assert [track.person for track in group_people([_track("A", 0, 1)], {})] == ["PERSON_01"]


def test_an_embedding_of_wrong_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"num_faces, embedding_dim"):
        group_people([_track("A", 0, 1)], {"A": np.zeros(16)})
    with pytest.raises(ShapeError, match="arrays of one dimension"):  # was a ValueError of numpy
        group_people(
            [_track("A", 0, 1), _track("B", 2, 3)], {"A": np.ones((2, 16)), "B": np.ones((2, 8))}
        )


@pytest.mark.parametrize("seed", range(3))
def test_clusters_agree_with_a_slow_search(seed: int) -> None:
    """Merging again and again over all pairs, recomputed from the members each time."""
    generator = np.random.default_rng(seed)
    sums = generator.normal(size=(12, 3))
    apart = generator.random((12, 12)) < 0.15
    apart |= apart.T
    groups = [[item] for item in range(12)]
    while True:
        best, pair = 0.5, None
        for i, first in enumerate(groups):
            for j in range(i + 1, len(groups)):
                if apart[np.ix_(first, groups[j])].any():
                    continue
                a, b = sums[first].sum(0), sums[groups[j]].sum(0)
                cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
                if cosine >= best:
                    best, pair = cosine, (i, j)
        if pair is None:
            break
        groups[pair[0]] += groups.pop(pair[1])
    found = cluster_directions(sums, apart, 0.5)
    for group in groups:
        assert set(found[group].tolist()) == {min(group)}


def test_embed_tracks_hands_aligned_faces_to_the_encoder(tmp_path: Path) -> None:
    from pins_plugin.data.media.video_writer import VideoWriter

    with VideoWriter(tmp_path / "gray.mp4", 96, 64, 25) as writer:
        for _ in range(30):
            writer.add_image(np.full((64, 96, 3), 90, np.uint8))
    track = _track("A", 0, 1)
    points = np.array([[20, 20], [40, 20], [30, 30], [23, 40], [37, 40]], np.float32)
    track.landmarks[:] = points
    seen = []

    def encode(faces: np.ndarray) -> np.ndarray:
        seen.append(faces)
        return faces.reshape(len(faces), -1).mean(axis=1, keepdims=True)

    embeddings = embed_tracks(tmp_path / "gray.mp4", [track], encode, num_faces=4)
    assert embeddings["A"].shape == (4, 1)
    assert seen[0].dtype == np.uint8
    np.testing.assert_allclose(embeddings["A"], 90, atol=4)
