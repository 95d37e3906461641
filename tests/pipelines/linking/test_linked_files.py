"""What linking makes of the keys of pyannote's files: which sound it hears, and how long turns are."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from pyannote.core import Annotation, Segment

from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.pipelines.linking import gathering
from pins_plugin.pipelines.linking.networks import TrackEmbeddings
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.types import FaceTrack

RATE = 16000


@pytest.fixture(scope="module")
def mute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of pictures without sound."""
    path = tmp_path_factory.mktemp("linked") / "mute.mp4"
    with VideoWriter(path, 64, 64, 25) as writer:
        for _ in range(50):
            writer.add_image(np.zeros((64, 64, 3), np.uint8))
    return path


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> SpeakerFaceLinking:
    """One that sees one face and hears turns that reach far beyond the file."""
    turns = Annotation(uri="mute")
    turns[Segment(0.5, 800)] = "anna"
    linking = SpeakerFaceLinking(turns, evidence=("presence",), recognition="appearance")
    times = np.arange(50) / 25
    boxes = np.tile(np.float32([10, 10, 40, 40]), (50, 1))
    track = FaceTrack("T1", times, boxes, np.zeros((50, 5, 2), np.float32), times >= 0)
    monkeypatch.setattr(linking, "_track", lambda *_, **__: [track])
    monkeypatch.setattr(
        linking.networks, "embed_video", lambda *_, **__: TrackEmbeddings({}, {}, {}, {}, {})
    )
    return linking


@pytest.mark.parametrize("channel", [None, 1])
@pytest.mark.parametrize("kind", ["path", "bytes", "waveform"])
def test_the_sound_that_is_given_is_heard(
    pipeline: SpeakerFaceLinking, mute: Path, tmp_path: Path, kind: str, channel: int | None
) -> None:
    """It used to be that of the video, whatever the file said; a video without any was refused."""
    sound = np.stack([np.full(2 * RATE, 0.2), np.full(2 * RATE, 0.6)]).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound.T, RATE)
    given: dict[str, Any] = {
        "path": {"audio": str(tmp_path / "a.wav")},
        "bytes": {"audio": io.BytesIO((tmp_path / "a.wav").read_bytes())},
        "waveform": {"waveform": torch.from_numpy(sound), "sample_rate": RATE},
    }[kind]
    seen = pipeline.observe({"video": str(mute), "channel": channel, **given})
    assert seen.segmentation is None  # turns are given
    np.testing.assert_allclose(seen.waveform, 0.4 if channel is None else 0.6, atol=1e-3)
    assert seen.uri == "mute"
    assert pipeline({"video": str(mute), "channel": channel, **given}).links[0].speaker == "anna"


def test_turns_end_with_the_file_and_the_result_says_so(
    pipeline: SpeakerFaceLinking, mute: Path
) -> None:
    result = pipeline(
        {"video": str(mute), "waveform": torch.zeros(1, 2 * RATE), "sample_rate": RATE}
    )
    assert max(link.end for link in result.links) == pytest.approx(2.0, abs=0.05)
    assert any("were cut off" in note for note in result.to_json()["notes"])


def test_a_video_without_sound_or_a_folder_is_refused(
    pipeline: SpeakerFaceLinking, mute: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(MediaError, match="no sound"):
        pipeline(mute)
    with pytest.raises(MediaError, match="got a folder"):
        pipeline(tmp_path / "folder.mp4")
    with pytest.raises(MediaError, match="path under `video`"):
        pipeline({"audio": io.BytesIO(b"")})


def test_a_number_of_speakers_beside_given_turns_is_refused(
    pipeline: SpeakerFaceLinking, mute: Path
) -> None:
    file = {"video": str(mute), "waveform": torch.zeros(1, 2 * RATE), "sample_rate": RATE}
    with pytest.raises(PinsError, match="num_speakers: turns are given"):
        pipeline(file, num_speakers=2)
    with pytest.raises(PinsError, match="num_speakers: expected at least 1"):
        pipeline(file, num_speakers=0)


def test_networks_run_in_one_thread_whatever_their_number(
    pipeline: SpeakerFaceLinking, mute: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums that several threads share are rounded otherwise: links that are nearly as sure could turn."""
    used: list[int] = []

    def embed_video(*_: Any, **__: Any) -> TrackEmbeddings:
        used.append(torch.get_num_threads())
        return TrackEmbeddings({}, {}, {}, {}, {})

    def embed(waveform: Any, stretches: np.ndarray, voice_encoder: Any) -> np.ndarray:
        used.append(torch.get_num_threads())
        return np.tile(np.eye(192)[0], (len(stretches), 1))

    monkeypatch.setattr(pipeline.networks, "embed_video", embed_video)
    monkeypatch.setattr(gathering, "embed_stretches", embed)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        pipeline({"video": str(mute), "waveform": torch.zeros(1, 2 * RATE), "sample_rate": RATE})
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert used == [1, 1]
