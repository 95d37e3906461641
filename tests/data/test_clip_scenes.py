"""Composed scenes: what is shown and heard is what the truth says."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.audio import load_audio
from pins_plugin.data.scenes import (
    Segment,
    Stretch,
    compose_scene,
    letterbox,
    plan_side_by_side,
    plan_turns,
    plan_voice_over,
)
from pins_plugin.data.video import VideoWriter, iter_frames
from pins_plugin.errors import MediaError

COLORS = {"red": (220, 20, 20), "green": (20, 220, 20), "blue": (20, 20, 220)}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path, float]]:
    """Three "people": a colored picture and a sine of its own pitch."""
    folder = tmp_path_factory.mktemp("clips")
    clips = []
    for number, (name, color) in enumerate(COLORS.items()):
        path = folder / f"{name}.mp4"
        with VideoWriter(path, 64, 48, 25.0, 16000) as video:
            for _ in range(75):
                video.add_image(np.full((48, 64, 3), color, np.uint8))
            time = np.arange(48000) / 16000
            video.add_sound((0.3 * np.sin(2 * np.pi * 300 * (number + 1) * time)).astype("f4"))
        clips.append((name, path, 3.0))
    return clips


def _pitch(waveform: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(waveform)).argmax() * 16000 / len(waveform))


def test_scene_shows_and_sounds_as_its_truth_says(
    tmp_path: Path, clips: list[tuple[str, Path, float]]
) -> None:
    red, green, blue = (Stretch(name, path, 0.5) for name, path, _ in clips)
    segments = [Segment(1.0, (red, green), green), Segment(1.0, (red, green), blue)]
    truth = compose_scene(
        tmp_path / "s.mp4", segments, find_speech=lambda sound: [(0.0, len(sound) / 16000)]
    )
    assert json.loads((tmp_path / "s.json").read_text()) == truth
    assert [(t["start"], t["end"], t["speaker"]) for t in truth["turns"]] == [
        (0.0, 1.0, "green"),
        (1.0, 2.0, "blue"),
    ]
    image = next(iter_frames(tmp_path / "s.mp4", start=1.5)).image
    for panel in truth["panels"][2:]:
        x1, y1, x2, y2 = panel["box"]
        middle = image[(y1 + y2) // 2, (x1 + x2) // 2]
        assert middle.argmax() == list(COLORS).index(panel["person"])
    sound = load_audio(tmp_path / "s.mp4")
    assert _pitch(sound[3000:13000]) == pytest.approx(600, abs=5)
    assert _pitch(sound[19000:29000]) == pytest.approx(900, abs=5)


def test_shifted_sound_shifts_the_turns(
    tmp_path: Path, clips: list[tuple[str, Path, float]]
) -> None:
    red = Stretch(*clips[0][:2], 0.0)
    truth = compose_scene(
        tmp_path / "s.mp4",
        [Segment(1.0, (red,), red)],
        find_speech=lambda _: [(0.1, 0.6)],
        sound_shift=0.2,
    )
    assert [(t["start"], t["end"]) for t in truth["turns"]] == [(0.3, 0.8)]
    assert np.abs(load_audio(tmp_path / "s.mp4")[:2500]).max() < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_plans_keep_their_promises(clips: list[tuple[str, Path, float]], seed: int) -> None:
    generator = np.random.default_rng(seed)
    turns = plan_turns(clips, 6, generator)
    assert all(segment.panels == (segment.sound,) for segment in turns)
    heard = [segment.sound.person for segment in turns]
    assert all(a != b for a, b in pairwise(heard))
    for segment in plan_side_by_side(clips, 2, 6, generator):
        assert len({panel.person for panel in segment.panels}) == 2
        assert segment.sound in segment.panels
    over = plan_voice_over(clips, 6, generator)
    assert [segment.sound in segment.panels for segment in over] == [True, False] * 3
    assert all(s.sound.start + s.duration <= 3.001 for s in [*turns, *over])


def test_too_few_people_are_refused(clips: list[tuple[str, Path, float]]) -> None:
    with pytest.raises(MediaError, match="needs clips of as many"):
        plan_side_by_side(clips, 4, 2, np.random.default_rng(0))


def test_letterbox_keeps_the_shape() -> None:
    wide = letterbox(np.full((10, 40, 3), 200, np.uint8), 80, 80)
    assert wide.shape == (80, 80, 3)
    assert (wide[:29] == 0).all() and (wide[31:49] == 200).all() and (wide[51:] == 0).all()
