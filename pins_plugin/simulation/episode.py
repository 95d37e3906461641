"""An episode: characters who meet on several sets, with one example of the face and the voice of each."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pins_plugin.data.media.audio import save_audio
from pins_plugin.simulation.clip import plan_clip, render_faces, render_sound
from pins_plugin.simulation.person import sample_person
from pins_plugin.simulation.scenes import has_scene, write_scene
from pins_plugin.simulation.script import Script, join_scripts, write_script
from pins_plugin.simulation.settings import PICTURE_RANGES, check_ranges
from pins_plugin.utils.files import atomic_folder

NAMES = ("Alma", "Bruno", "Clara", "Dario", "Edith", "Felix", "Greta", "Hugo")
FIRST_CHARACTER = 200_000  # characters are never people of clips or of scenes
SET_SECONDS = 45.0  # about, on each set
EXAMPLE_WORDS = 9


@dataclass(frozen=True)
class EpisodeSettings:
    """What an episode is made from."""

    characters: int = 6  # 2 to 8
    minutes: float = 10.0
    seed: int = 0
    width: int = 640  # pixels
    height: int = 360


def episode_script(settings: EpisodeSettings) -> Script:
    """Make up an episode: on each set two to four of the characters talk, at times with one who is not seen."""
    generator = np.random.default_rng([settings.seed, 7])
    everyone = range(settings.characters)
    cast = tuple(sample_person(settings.seed, FIRST_CHARACTER + i) for i in everyone)
    labels = NAMES[: settings.characters]
    scripts = []
    num_sets = max(1, round(settings.minutes * 60 / SET_SECONDS))
    for number in range(num_sets):
        size = int(generator.integers(2, min(4, settings.characters) + 1))
        present = sorted(generator.permutation(settings.characters)[:size].tolist())
        hidden = present[-1:] if size > 2 and generator.random() < 0.4 else []
        scripts.append(
            write_script(
                cast,
                labels,
                (settings.seed, 8, number),
                seconds=settings.minutes * 60 / num_sets,
                hidden=frozenset(hidden),
                present=tuple(present),
            )
        )
    return join_scripts(scripts, (settings.seed, 9))


def write_episode(
    folder: str | Path,
    settings: EpisodeSettings,
    *,
    jobs: int | None = None,
    quiet: bool = False,
) -> Path:
    """Write `scene.mp4` with its truth, and `people/NAME.png` and `people/NAME.wav` of each character.

    The examples show another day: other words, room, light, background and clothes.

    Raises
    ------
    ManifestError
        When the settings make no sense, or the folder holds something else.
    """
    check_ranges(settings, characters=(2, len(NAMES)), minutes=(0.1, 120), **PICTURE_RANGES)
    folder = Path(folder)
    if has_scene(folder, settings):
        return folder / "scene.mp4"
    script = episode_script(settings)
    with atomic_folder(folder) as temporary:
        for i, name in enumerate(script.labels):
            _write_example(temporary / "people", name, settings.seed, FIRST_CHARACTER + i)
        write_scene(temporary, script, settings, uri="episode", jobs=jobs, quiet=quiet)
    return folder / "scene.mp4"


def _write_example(folder: Path, name: str, seed: int, person_index: int) -> None:
    folder.mkdir(exist_ok=True)
    plan = plan_clip(seed, person_index, 0, EXAMPLE_WORDS)
    face = render_faces(plan, np.zeros(1), 256)[0]  # before the first word
    (folder / f"{name}.png").write_bytes(cv2.imencode(".png", face[..., ::-1])[1].tobytes())
    save_audio(folder / f"{name}.wav", render_sound(plan))
