"""Conversations and meetings composed of voices: what is said to be spoken is, by nobody else, and as in the real meeting."""

import csv
from pathlib import Path

import numpy as np
import pytest
from pyannote.core import Annotation, Segment
from recipe_scripts import load_recipe

from pins_plugin.data.media.audio import save_audio

conversations, meetings = (
    load_recipe("Diarization/conversations.py"),
    load_recipe("Diarization/meetings.py"),
)


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve speakers of noise in phrases of one to three seconds; one of them of AMI."""
    folder, generator = tmp_path_factory.mktemp("voices"), np.random.default_rng(0)
    rows = []
    for number in range(12):
        parts = []
        for seconds in (1.0, 1.7, 3.0, 1.3):
            parts.append(0.1 * generator.standard_normal(round(seconds * 16000)))
            parts.append(np.zeros(6400))
        name = f"v{number:02d}.wav"
        save_audio(folder / name, np.concatenate(parts).astype(np.float32), 16000)
        source = "AMI corpus" if number == 3 else "noise"
        rows.append({"file": name, "speaker": name[:3], "source": source})
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["file", "speaker", "source"])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def _check(turns: Annotation, waveform: np.ndarray) -> None:
    """Sound is loud where somebody speaks, and soft (echo, noise) where nobody does."""
    times = (np.arange(len(waveform) // 160) + 0.5) / 100
    levels = waveform[: len(times) * 160].reshape(-1, 160).std(axis=1)
    spoken = np.array([bool(turns.get_timeline().overlapping(t)) for t in times])
    assert spoken.any() and not spoken.all()
    assert np.median(levels[spoken]) > 3 * np.median(levels[~spoken])


def test_conversations_are_composed_of_one_share(voices: Path) -> None:
    shares = [set(conversations.read_speech(voices, share)) for share in conversations.SHARES]
    assert len(shares[0] | shares[1]) == 11 and not shares[0] & shares[1]  # without AMI
    for one in conversations.compose_many(voices, "learn", 2, seed=3, seconds=(20.0, 25.0)):
        assert set(one.turns.labels()) <= shares[0] and len(one.turns.labels()) > 1
        _check(one.turns, one.waveform)


def test_meetings_have_the_turns_of_real_ones(voices: Path) -> None:
    real = Annotation()
    for number, (start, end, label) in enumerate(
        [(0.0, 6.0, "a"), (5.0, 9.0, "b"), (11.0, 13.0, "c"), (13.5, 20.0, "a"), (22.0, 40.0, "b")]
    ):
        real[Segment(start, end), number] = label
    generator = np.random.default_rng(1)
    turns = meetings.choose_turns([real], generator)
    assert {label for *_, label in turns} >= {"a", "b"}
    assert all(0 <= start < end <= meetings.SECONDS for start, end, _ in turns)
    held_out = meetings.read_voices(voices, "held_out")
    found = meetings.compose(held_out, turns, generator)
    assert set(found.turns.labels()) <= set(held_out)
    _check(found.turns, found.waveform)
    spoken = sorted((s.start, s.end) for s in found.turns.itersegments())
    given = sorted((start, end) for start, end, _ in turns)
    assert [start for start, _ in spoken] == pytest.approx([start for start, _ in given], abs=1e-3)
    for (_, end), (_, latest) in zip(
        spoken, given, strict=True
    ):  # a pause at the end is none of it
        assert latest - 0.45 < end < latest + 0.011
