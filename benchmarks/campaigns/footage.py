"""What campaigns share, made once for each process: simulated scenes, a folder of links, tiny clips for training."""

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from campaigns.forks import in_fork, pins
from pins_plugin.data.corpora.manifest import write_manifest
from pins_plugin.data.media.video import iter_frames
from pins_plugin.types import TalkingFaceClip

LINK = ("--quiet", "--no_video")
PATIENCE = 600.0  # seconds for a command that nothing disturbs


@cache
def store() -> Path:
    """Folder of everything made here; gone when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="pins-footage-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def scenes() -> list[Path]:
    """Four videos of about five seconds, of two people each, all different."""
    out = store() / "scenes"
    options = "--people 2 --off_screen 0 --scenes 4 --seconds 5 --width 320 --height 180 --jobs 1"
    _must("simulate", "scenes", out, *options.split(), "--seed", "11", "--quiet")
    videos = []
    for number, folder in enumerate(sorted(path for path in out.iterdir() if path.is_dir())):
        videos.append(store() / f"video{number}.mp4")
        shutil.copyfile(folder / "scene.mp4", videos[-1])
    return videos


@cache
def portrait() -> Path:
    """A picture of one of them."""
    path = store() / "portrait.png"
    Image.fromarray(next(iter_frames(scenes()[0], start=2.0)).image).save(path)
    return path


@cache
def linked() -> Path:
    """The first two videos linked into one folder."""
    out = store() / "linked"
    _must("link", *scenes()[:2], "--out", out, *LINK)
    return out


@cache
def clips() -> Path:
    """Manifest of 48 clips of 12 people: a bar whose height, and a tone whose pitch, are the person's."""
    folder = store() / "clips"
    folder.mkdir()
    generator = np.random.default_rng(0)
    rows = []
    for number in range(48):
        person, name = number // 4, f"c{number:02d}"
        image = generator.normal(60, 10, (40, 40, 3))
        image[3 * person : 3 * person + 6] += 120
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(folder / f"{name}.png")
        times = np.arange(12000) / 16000
        soundfile.write(folder / f"{name}.wav", 0.3 * np.sin(900 * (1 + person) * times), 16000)
        rows.append(
            TalkingFaceClip(
                name, f"p{person}", name, folder / f"{name}.png", folder / f"{name}.wav",
                "valid" if person % 4 == 3 else "train",
            )
        )  # fmt: skip
    write_manifest(folder / "manifest.csv", rows)
    return folder / "manifest.csv"


def digests(folder: Path, *patterns: str) -> dict[str, str]:
    """Checksums of files below a folder, by their relative paths."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in patterns or ("**/*",)
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    }


def leftovers(*folders: Path) -> list[str]:
    """Hidden files and folders, which a run makes on its way and should take away."""
    return sorted(
        path.name
        for folder in folders
        if folder.is_dir()
        for path in folder.rglob(".*")
        if not path.name.endswith(".lock")
    )


def _must(*arguments: object) -> None:
    outcome = in_fork(pins(*map(str, arguments)), store() / "log", PATIENCE)
    if outcome.status != 0:
        raise RuntimeError(
            f"pins {arguments[0]} undisturbed: {outcome.status} {outcome.printed[-500:]}"
        )
