"""Episodes: named characters on several sets, with an example of each."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from pins_plugin.data.media.audio import load_audio
from pins_plugin.errors import ManifestError
from pins_plugin.simulation.episode import EpisodeSettings, episode_script, write_episode


def test_ten_minutes_show_every_character_on_several_sets() -> None:
    script = episode_script(EpisodeSettings())
    assert script.duration == pytest.approx(600, rel=0.1)
    assert {turn.person for turn in script.turns} == set(range(6))
    assert {person for shot in script.shots for person in shot.framed} == set(range(6))
    assert len({shot.place for shot in script.shots}) >= 10


def test_characters_are_not_people_of_clips() -> None:
    identities = {person.identity for person in episode_script(EpisodeSettings()).cast}
    assert all(int(identity[1:]) >= 200_000 for identity in identities)


def test_written_episode_has_an_example_of_each(tmp_path: Path) -> None:
    settings = EpisodeSettings(characters=2, minutes=0.1, seed=1, width=160, height=120)
    video = write_episode(tmp_path / "episode", settings, jobs=2, quiet=True)
    truth = json.loads(video.with_name("scene.json").read_text())
    assert [person["person"] for person in truth["people"]] == ["Alma", "Bruno"]
    for name in ("Alma", "Bruno"):
        portrait = cv2.imread(str(tmp_path / "episode" / "people" / f"{name}.png"))
        assert portrait.shape == (256, 256, 3)
        assert len(load_audio(tmp_path / "episode" / "people" / f"{name}.wav")) > 3 * 16000
    assert write_episode(tmp_path / "episode", settings, quiet=True) == video  # nothing to do
    with pytest.raises(ManifestError, match="made with seed 1, not 2"):
        write_episode(tmp_path / "episode", replace(settings, seed=2), quiet=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"characters": 1}, "expected 2 to 8, got 1"),
        ({"minutes": 0.01}, "expected 0.1 to 120"),
        ({"width": 0}, "width: expected 160 to 3840, got 0"),
        ({"seed": -1}, "seed: expected at least 0, got -1"),
    ],
)
def test_senseless_settings_are_explained(
    change: dict[str, float], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ManifestError, match=message):
        write_episode(tmp_path / "out", replace(EpisodeSettings(), **change))
