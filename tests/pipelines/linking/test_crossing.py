"""Tracks that change from one person to another are two."""

import numpy as np
import pytest

from pins_plugin.pipelines.active_speaker.synchrony import TrackCurves
from pins_plugin.pipelines.linking.crossing import find_change, part_tracks
from pins_plugin.pipelines.linking.networks import TrackEmbeddings
from pins_plugin.types import FaceTrack

AXES = np.eye(4, dtype=np.float32)


def _track(name: str) -> FaceTrack:
    times = np.arange(100) / 25
    boxes = np.tile(np.array([0, 0, 9, 9], np.float32), (100, 1))
    return FaceTrack(name, times, boxes, np.zeros((100, 5, 2), np.float32), np.ones(100, bool))


def _looks(faces: np.ndarray) -> TrackEmbeddings:
    times = np.arange(100) / 25
    curves = {"T0": TrackCurves(times, np.zeros((100, 35), np.float32))}
    return TrackEmbeddings(
        {"T0": faces}, curves, {"T0": (times, np.zeros(100))}, {}, {"T0": "likeness"}
    )


def test_a_track_that_ends_as_another_person_is_cut() -> None:
    tracks, embeddings = part_tracks([_track("T0")], _looks(AXES[[0, 0, 0, 0, 1, 1, 1, 1]]), 0.6)
    assert [track.track for track in tracks] == ["T0", "T0b"]
    assert tracks[0].end < 2.0 <= tracks[1].start
    assert sum(len(track.times) for track in tracks) == 100
    assert [len(embeddings.faces[name]) for name in ("T0", "T0b")] == [4, 4]
    assert [len(embeddings.curves[name].times) for name in ("T0", "T0b")] == [50, 50]
    assert "T0" not in embeddings.joint_faces


@pytest.mark.parametrize(
    "order",
    [[0] * 8, [0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1], [0, 1, 0, 1, 0, 1, 0, 1], [0, 1]],
    ids=["one", "one odd picture", "last odd", "to and fro", "too few"],
)
def test_other_tracks_stay_whole(order: list[int]) -> None:
    tracks, embeddings = part_tracks([_track("T0")], _looks(AXES[order]), 0.6)
    assert len(tracks) == 1 and embeddings.joint_faces == {"T0": "likeness"}


def test_the_clearest_change_counts() -> None:
    mixed = np.stack([AXES[0], AXES[0], AXES[0] * 0.9 + AXES[1] * 0.3, AXES[1], AXES[1]])
    assert find_change(mixed, 0.6) == 3
