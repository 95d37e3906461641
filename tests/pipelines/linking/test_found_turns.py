"""Who said who speaks when: pipelines are opened once, turns are those of the file."""

from pathlib import Path

import numpy as np
import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.errors import PinsError
from pins_plugin.pipelines.diarization.turns import MAX_SPEAKERS, clip_turns
from pins_plugin.pipelines.linking import given_turns as module
from pins_plugin.pipelines.linking.networks import CPU

SOUND = np.zeros(16000, np.float32)


class Says:
    """A pipeline that always finds one speaker."""

    def __init__(self, name: str) -> None:
        self.name = name

    def to(self, device: object) -> "Says":
        return self

    def __call__(self, file: dict) -> Annotation:
        turns = Annotation(uri=file["uri"])
        turns[Segment(0, 1)] = self.name
        return turns


def test_a_folder_given_with_one_call_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_pipeline(folder: Path) -> Says:
        opened.append(folder.name)
        return Says(folder.name)

    monkeypatch.setattr(module, "open_pipeline", open_pipeline)
    for name in ("mine", "other"):
        (tmp_path / name).mkdir()
    calls = [None, tmp_path / "other", None, str(tmp_path / "other")]
    found = [
        module.find_turns((call, tmp_path / "mine"), {"uri": "a"}, SOUND, CPU) for call in calls
    ]
    assert [turns.labels() for turns in found if turns] == [
        ["mine"],
        ["other"],
        ["mine"],
        ["other"],
    ]
    assert module.find_turns((None, None), {"uri": "a"}, SOUND, CPU) is None
    assert opened == ["mine", "other"]  # each once


def test_turns_end_with_the_file() -> None:
    turns = Annotation(uri="a")
    turns[Segment(-0.5, 2.0), "a"] = "anna"
    turns[Segment(4.4, 800.0), "b"] = "anna"
    turns[Segment(100.0, 105.0), "c"] = "ben"
    clipped, note = clip_turns(turns, 16.9)
    assert [(s.start, s.end, label) for s, _, label in clipped.itertracks(yield_label=True)] == [
        (0.0, 2.0, "anna"),
        (4.4, 16.9, "anna"),
    ]
    assert clipped.uri == "a"
    assert note is not None and "788.6 s" in note
    rounded = Annotation(uri="a")
    rounded[Segment(1.0, 16.93)] = "anna"
    clipped, note = clip_turns(rounded, 16.9)
    assert note is None
    assert clipped.get_timeline().extent().end == 16.9


def test_a_crowd_of_speakers_is_refused() -> None:
    """Three thousand labels in three seconds kept `pins link` busy for minutes."""
    turns = Annotation(uri="a")
    for number in range(MAX_SPEAKERS + 1):
        turns[Segment(number / 1000, number / 1000 + 0.001), number] = f"S{number}"
    with pytest.raises(PinsError, match=f"at most {MAX_SPEAKERS} speakers, got {MAX_SPEAKERS + 1}"):
        clip_turns(turns, 3.0)
