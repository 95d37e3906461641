"""Clips from raw videos: one face alone in the picture, something to hear."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.video import VideoWriter
from pins_plugin.errors import MediaError
from pins_plugin.tracking import clips as clips_module
from pins_plugin.tracking.clips import cut_clips, find_single_faces
from pins_plugin.types import FaceTrack

EYES = np.array([[22, 24], [42, 24], [32, 34], [25, 44], [39, 44]], np.float32)


def make_track(name: str, start: float, end: float) -> FaceTrack:
    times = np.arange(round(start * 10), round(end * 10) + 1) / 10
    count = len(times)
    return FaceTrack(
        track=name,
        times=times,
        boxes=np.tile(np.array([10, 10, 54, 54], np.float32), (count, 1)),
        landmarks=np.tile(EYES, (count, 1, 1)),
        detected=np.ones(count, bool),
    )


@pytest.mark.parametrize(
    ("faces", "expected"),
    [
        ([("A", 0, 5)], [("A", 0, 5)]),
        ([("A", 0, 5), ("B", 3, 9)], [("A", 0, 3), ("B", 5, 9)]),
        ([("A", 0, 9), ("B", 3, 6)], [("A", 0, 3), ("A", 6, 9)]),
        ([("A", 0, 1)], []),
        ([("A", 0, 9), ("B", 0, 9)], []),
        ([("A", 0, 16)], [("A", 0, 8), ("A", 8, 16)]),
        ([], []),
    ],
)
def test_stretches_with_one_face(faces: list, expected: list) -> None:
    tracks = [make_track(*face) for face in faces]
    assert find_single_faces(tracks, min_seconds=2, max_seconds=10) == expected


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three seconds with a tone in the first two and a half; the tracker sees one face."""
    with VideoWriter(tmp_path / "talk.mp4", 64, 64, 10, sample_rate=16000) as writer:
        for index in range(30):
            writer.add_image(np.full((64, 64, 3), 5 * index, np.uint8))
        times = np.arange(48000) / 16000
        writer.add_sound((0.3 * np.sin(2000 * times) * (times < 2.5)).astype(np.float32))
    monkeypatch.setattr(
        clips_module, "track_faces", lambda *args, **kwargs: [make_track("T001", 0.0, 2.5)]
    )
    return tmp_path / "talk.mp4"


def test_video_becomes_clips_once(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, skipped = cut_clips(video, tmp_path / "out", num_pictures=3)
    (clip,) = clips
    assert not skipped
    assert len(list(clip.faces.glob("*.jpg"))) == 3
    assert clip.audio.is_file()
    assert (clip.identity, clip.video) == ("", "talk")
    monkeypatch.setattr(clips_module, "track_faces", None)  # not asked again
    assert cut_clips(video, tmp_path / "out").clips == [clip]


@pytest.mark.parametrize("kept", [True, False])
def test_another_voice_is_left_out(video: Path, tmp_path: Path, kept: bool) -> None:
    asked = []

    def speaking(crops: dict, waveform: np.ndarray) -> dict[str, float]:
        asked.append((crops["0000"].lips.shape, round(len(waveform) / 16000)))
        return {"0000": 0.5 if kept else -1.5}

    for _ in range(2):  # measured once, judged each time
        clips, skipped = cut_clips(video, tmp_path / "out", name="a_talk", speaking=speaking)
    assert asked == [((26, 88, 2), 3)]
    if kept:
        assert [clip.attributes for clip in clips] == [{"speaking": "0.500"}]
        assert not skipped
    else:
        assert not clips
        assert list(skipped) == [f"{video} 0.00-2.50 s"]
        assert "evidence -1.50 < 0" in next(iter(skipped.values()))
    assert len(cut_clips(video, tmp_path / "out", name="a_talk").clips) == 1


def test_silent_face_is_no_talking_face(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips_module, "load_audio", lambda path: np.zeros(48000, np.float32))
    with pytest.raises(MediaError, match="no stretch"):
        cut_clips(video, tmp_path / "out")
    assert not (tmp_path / "out").exists()
