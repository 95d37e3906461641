"""Clips that cannot be read are told, in whatever part of them, and are not looked at twice; one that crashes costs itself."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.archive import unreadable
from pins_plugin.archive.many import Machinery
from pins_plugin.archive.unreadable import find_unreadable
from pins_plugin.data.media.audio import save_audio
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.data.training.readable import Fault, find_fault
from pins_plugin.types import TalkingFaceClip

HERE = Machinery(jobs=0)


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[TalkingFaceClip]:
    """Five clips, whose paths are relative; two of them are damaged."""
    monkeypatch.chdir(tmp_path)
    save_audio("voice.wav", np.zeros(800, np.float32))
    rows = []
    for number in range(5):
        face = Path(f"{number}.mp4")
        with VideoWriter(face, 16, 16, 25) as writer:
            writer.add_image(np.zeros((16, 16, 3), np.uint8))
        rows.append(TalkingFaceClip(f"c{number}", "", "", face, Path("voice.wav")))
    Path("1.mp4").write_bytes(b"x")
    rows[3] = TalkingFaceClip("c3", "", "", Path("3.mp4"), Path("gone.wav"))
    return rows


def _look_away(clip: TalkingFaceClip) -> Fault | None:
    raise AssertionError("looked at twice")


def _die(clip: TalkingFaceClip) -> Fault | None:
    if clip.clip_id == "c2":
        os.kill(os.getpid(), signal.SIGSEGV)
    return find_fault(clip)


def _open_deadly() -> object:
    """Set up, in a worker."""
    return lambda item: unreadable._look(_die, item)


def test_faults_are_told_with_the_paths_that_were_given(clips: list[TalkingFaceClip]) -> None:
    found = find_unreadable(clips, "notes", HERE)
    assert list(found) == ["c1", "c3"]
    assert found["c1"].startswith("1.mp4: not a readable media file")
    assert found["c3"].startswith("gone.wav: no such file")


def test_what_any_part_looked_at_is_not_looked_at_again(
    clips: list[TalkingFaceClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: dict[str, str] = {}
    for first in (0, 1):
        parts |= find_unreadable(clips[first::2], "notes", HERE)
    with monkeypatch.context() as patch:
        patch.setattr(unreadable, "find_fault", _look_away)
        assert find_unreadable(clips, "notes", HERE) == parts
    Path("1.mp4").write_bytes(Path("0.mp4").read_bytes())  # mended: looked at again
    assert list(find_unreadable(clips, "notes", HERE)) == ["c3"]


def test_a_clip_that_crashes_its_worker_costs_itself(
    clips: list[TalkingFaceClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(unreadable, "_open_look", _open_deadly)
    found = find_unreadable(clips, "notes", Machinery(jobs=2, cpus=1))
    assert sorted(found) == ["c1", "c2", "c3"]
    assert "killed or crashed" in found["c2"]
