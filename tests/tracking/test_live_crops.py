"""Crops that are cut while faces are followed are, to the bit, those that are cut afterwards."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media import picture_stream
from pins_plugin.tracking import live_crops
from pins_plugin.tracking.crops import extract_crops, spread_rows
from pins_plugin.tracking.tracks import track_and_crop, track_faces

KINDS = ("face", "lips")
CUTS = [
    (0, 0, 40, 5, 1.0, 60),  # walks
    (2, 40, 100, 180, 0.0, 60),  # after a cut
    (1, 100, 200, 40, 0.5, 0),  # after another, for longer than pictures wait
    (0, 120, 150, 180, 0.0, 100),  # comes and goes meanwhile
]


@pytest.fixture
def cut_anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the tracks that were cut from the file again."""
    names: list[str] = []
    cut = live_crops.iter_crops

    def spy(video, tracks, *args, **options):
        names.extend(track.track for track in tracks)
        return cut(video, tracks, *args, **options)

    monkeypatch.setattr(live_crops, "iter_crops", spy)
    return names


def check_equal(video: Path, max_frames: int | None = 4) -> None:
    tracks = track_faces(video, quiet=True)
    crops = extract_crops(video, tracks, KINDS, max_frames=max_frames)
    found = list(track_and_crop(video, KINDS, max_frames=max_frames, quiet=True))
    assert len(tracks) > 0
    for track, (same, crop) in zip(tracks, found, strict=True):
        assert (same.track, same.shot, same.quality) == (track.track, track.shot, track.quality)
        for name in ("times", "boxes", "landmarks", "detected"):
            assert np.array_equal(getattr(same, name), getattr(track, name)), name
        for name in ("times", "faces", "mouths", "lips", "presence"):
            now, then = getattr(crop, name), getattr(crops[track.track], name)
            assert now.dtype == then.dtype and now.shape == then.shape, name
            assert now.tobytes() == then.tobytes(), name


@pytest.mark.parametrize("max_frames", [None, 4])
def test_one_pass_gives_what_two_give(write_scene, cut_anew, max_frames: int | None) -> None:
    video, _ = write_scene(CUTS, 200, size=(240, 320))
    check_equal(video, max_frames)
    assert cut_anew == []


def test_each_picture_is_decoded_once(write_scene, monkeypatch: pytest.MonkeyPatch) -> None:
    video, _ = write_scene(CUTS, 200, size=(240, 320))
    decoded: list[int] = []
    decode = picture_stream.decode_packet

    def count(stream, packet):
        frames = decode(stream, packet)
        decoded.append(len(frames))
        return frames

    monkeypatch.setattr(picture_stream, "decode_packet", count)
    list(track_and_crop(video, KINDS, max_frames=4, quiet=True))
    assert sum(decoded) == 200


def test_faces_that_were_not_held_are_taken_from_the_file(
    write_scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, _ = write_scene(CUTS, 200, size=(240, 320))
    monkeypatch.setattr(live_crops, "FACE_BYTES", 0)
    check_equal(video)


def test_tracks_whose_pictures_could_not_wait_are_cut_anew(
    write_scene, cut_anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, _ = write_scene(CUTS, 200, size=(240, 320))
    monkeypatch.setattr(live_crops, "WAITING_BYTES", 1)
    check_equal(video)
    assert cut_anew


def test_a_face_that_was_cut_elsewhere_is_cut_anew(
    write_scene, cut_anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where two tracks turn out to be one face: what was thought of it on the way is not what came out."""
    video, _ = write_scene(CUTS, 200, size=(240, 320))
    monkeypatch.setattr(live_crops.LiveCrops, "_find", lambda self, first, points: None)
    monkeypatch.setattr(live_crops, "SETTLED", 0)  # too early: places change yet
    check_equal(video)
    assert cut_anew


def test_waiting_pictures_are_few(write_scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a shot lasts: a chunk, what settling takes, and how long a face may be gone."""
    video, _ = write_scene(CUTS, 200, size=(240, 320))
    most: list[int] = []
    advance = live_crops.LiveCrops.advance

    def count(self, *given):
        most.append(len(self._waiting))
        advance(self, *given)

    monkeypatch.setattr(live_crops.LiveCrops, "advance", count)
    list(track_and_crop(video, KINDS, max_frames=4, quiet=True))
    assert max(most) < 33 + 25 + 8 + 33 + live_crops.SETTLED


def test_kept_rows_are_spread_over_the_track() -> None:
    assert spread_rows(9, 3) == [0, 4, 8]
    assert spread_rows(2, 8) == [0, 1]
    assert spread_rows(3, None) == [0, 1, 2]
