"""Faces are followed and looked at in one pass: what is found is what two passes find."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pins_plugin.data.media.video import VideoWriter
from pins_plugin.pipelines.linking import watching
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.simulation.clip import plan_clip, render_faces
from pins_plugin.tracking.tracks import track_faces

SIDE = 120


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One face, then another."""
    path = tmp_path_factory.mktemp("watching") / "scene.mp4"
    with VideoWriter(path, 320, 240, 25, quality=18) as writer:
        for person, left in ((0, 20), (2, 180)):
            for face in render_faces(plan_clip(0, person, 0), np.arange(30) / 25, SIDE):
                image = np.full((240, 320, 3), 118, np.uint8)
                image[60 : 60 + SIDE, left : left + SIDE] = face
                writer.add_image(image)
    return path


@pytest.mark.parametrize("most", [4000, 6], ids=["few tracks", "thousands of tracks"])
def test_one_pass_finds_what_two_find(
    video: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Where there are more tracks than faces may be embedded of, fewer of each are, as before."""
    monkeypatch.setattr(watching, "MAX_FACES", most)
    pipeline = SpeakerFaceLinking(evidence=("talking", "presence"), recognition="appearance")
    sound = np.zeros(16000 * 3, np.float32)
    given = (pipeline.watcher, sound, torch.device("cpu"))
    tracks, found = watching.watch_faces(video, *given, keep_crops=True)
    expected = track_faces(video, quiet=True)
    then = watching.look_at(video, expected, *given, keep_crops=True)
    assert (
        [track.track for track in tracks] == [track.track for track in expected] == ["T001", "T002"]
    )
    assert {len(faces) for faces in found.faces.values()} == {watching.faces_per_track(2)}
    for name in ("T001", "T002"):
        assert np.array_equal(found.faces[name], then.faces[name])
        assert np.array_equal(found.crops[name].faces, then.crops[name].faces)
        assert np.array_equal(found.crops[name].lips, then.crops[name].lips, equal_nan=True)
        for now, before in zip(found.talking[name], then.talking[name], strict=True):
            assert np.array_equal(now, before)
