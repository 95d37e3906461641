"""Scenes on disk: an H.264/AAC file with its exact truth, and a database that pyannote reads."""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import ManifestError
from pins_plugin.simulation.corpus import map_in_processes
from pins_plugin.simulation.person import sample_person
from pins_plugin.simulation.scene import Scene
from pins_plugin.simulation.script import FRAME_RATE, Script, write_script
from pins_plugin.simulation.settings import PICTURE_RANGES, check_ranges, check_same
from pins_plugin.simulation.truth import scene_rttm, scene_truth
from pins_plugin.utils.files import atomic_folder, read_json, write_json, write_text
from pins_plugin.utils.progress import progress

FRAMES_AT_ONCE = 25  # frames that one process draws at a time
FIRST_PERSON = 100_000  # people of scenes are never people of clips

DATABASE = """\
# pyannote.database: PYANNOTE_DATABASE_CONFIG=this file,
# then registry.get_protocol("TalkingHeads.SpeakerDiarization.Scenes")
Databases:
  TalkingHeads: "{uri}/scene.mp4"

Protocols:
  TalkingHeads:
    SpeakerDiarization:
      Scenes:
        scope: database
"""
DATABASE_PART = """\
        {part}:
          uri: {part}.lst
          annotation: "{{uri}}/scene.rttm"
          annotated: "{{uri}}/scene.uem"
          video: "{{uri}}/scene.mp4"
          faces: "{{uri}}/scene.json"
"""


@dataclass(frozen=True)
class SceneSettings:
    """What scenes are made from: `people` are seen in each, `off_screen` further ones are heard but never seen."""

    scenes: int = 1
    people: int = 3  # 1 to 4
    off_screen: int = 1  # 0 to 4
    seconds: float = 30.0  # about, of each
    seed: int = 0
    width: int = 640  # pixels
    height: int = 360
    overlap: float = 0.0  # probability that somebody starts to talk before another has ended


def scene_script(settings: SceneSettings, number: int) -> Script:
    """Make up scene `number`, with people of its own."""
    size = settings.people + settings.off_screen
    first = FIRST_PERSON + 10 * number
    cast = tuple(sample_person(settings.seed, first + i) for i in range(size))
    return write_script(
        cast,
        tuple(person.identity for person in cast),
        (settings.seed, 6, number),
        seconds=settings.seconds,
        hidden=frozenset(range(settings.people, size)),
        overlap=settings.overlap,
    )


def write_scenes(
    folder: str | Path, settings: SceneSettings, *, jobs: int | None = None, quiet: bool = False
) -> list[Path]:
    """Write `scene_000/`, `scene_001/`, ... and a `database.yml` for pyannote.

    Returns
    -------
    videos : list of Path
        The `scene.mp4` of each scene. Scenes that exist already are kept.

    Raises
    ------
    ManifestError
        When the settings make no sense, or the folder holds other scenes.
    """
    check_ranges(
        settings,
        scenes=(1, 1000),
        people=(1, 4),
        off_screen=(0, 4),
        seconds=(5, 7200),
        overlap=(0, 1),
        **PICTURE_RANGES,
    )
    folder = Path(folder)
    names = [f"scene_{number:03d}" for number in range(settings.scenes)]
    for number, name in enumerate(names):
        if not has_scene(folder / name, settings):
            with atomic_folder(folder / name) as temporary:
                script = scene_script(settings, number)
                write_scene(temporary, script, settings, uri=name, jobs=jobs, quiet=quiet)
    _write_database(folder, names)
    return [folder / name / "scene.mp4" for name in names]


def has_scene(folder: Path, settings: Any) -> bool:
    """Whether a folder holds the scene of these settings; ManifestError when it holds anything else."""
    truth = folder / "scene.json"
    if truth.exists():
        found = read_json(truth, ManifestError, "the truth about a simulated scene")
        check_same(folder, found.get("settings") if isinstance(found, dict) else None, settings)
        return True
    if folder.exists() and any(folder.iterdir()):
        raise ManifestError(
            f"{folder}: expected an empty folder or this very scene; choose another folder or remove this one"
        )
    return False


def write_scene(
    folder: Path, script: Script, settings: Any, *, uri: str, jobs: int | None, quiet: bool
) -> None:
    """Write `scene.mp4`, `scene.json`, `scene.rttm` and `scene.uem` to an existing folder.

    Parameters
    ----------
    settings : SceneSettings or EpisodeSettings
        Noted in `scene.json`.
    """
    scene = Scene(script, settings.width, settings.height)
    with VideoWriter(
        folder / "scene.mp4", scene.width, scene.height, FRAME_RATE, SAMPLE_RATE
    ) as writer:
        sound = scene.sound()
        step = SAMPLE_RATE // FRAME_RATE
        draw = partial(_draw_chunk, script, scene.width, scene.height)
        chunks = map_in_processes(draw, range(0, scene.num_frames, FRAMES_AT_ONCE), jobs)
        images = (image for chunk in chunks for image in chunk)
        bar = progress(images, uri, total=scene.num_frames, quiet=quiet)
        for number, image in enumerate(bar):
            writer.add_image(image)
            writer.add_sound(sound[number * step : (number + 1) * step])
    write_json(folder / "scene.json", {**scene_truth(scene, uri), "settings": asdict(settings)})
    write_text(folder / "scene.rttm", scene_rttm(script, uri))
    write_text(folder / "scene.uem", f"{uri} 1 0.000 {scene.num_frames / FRAME_RATE:.3f}\n")


def _draw_chunk(script: Script, width: int, height: int, start: int) -> NDArray[np.uint8]:
    scene = _scene(script, width, height)
    numbers = range(start, min(start + FRAMES_AT_ONCE, scene.num_frames))
    return np.stack([scene.draw_frame(number) for number in numbers])


_PREPARED: dict[tuple[tuple[int, ...], int, int], Scene] = {}


def _scene(script: Script, width: int, height: int) -> Scene:
    """Prepare a scene once per process."""
    key = (script.seed, width, height)
    if key not in _PREPARED:
        _PREPARED.clear()
        _PREPARED[key] = Scene(script, width, height)
    return _PREPARED[key]


def _write_database(folder: Path, names: list[str]) -> None:
    """Lists for pyannote: the last fifth is the test, the fifth before it is for development."""
    held = max(1, len(names) // 5)
    parts = {
        "train": names[: -2 * held] or names[-held:],
        "development": names[-2 * held : -held] or names[-held:],
        "test": names[-held:],
    }
    described = [DATABASE_PART.format(part=part) for part in parts]
    write_text(folder / "database.yml", DATABASE + "".join(described))
    for part, members in parts.items():
        write_text(folder / f"{part}.lst", "\n".join(members) + "\n")
