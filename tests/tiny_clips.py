"""Clips that take milliseconds: a person is the height of a bar and a pitch that go together."""

from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from pins_plugin.data.corpora.manifest import write_manifest
from pins_plugin.types import TalkingFaceClip


def write_tiny_clips(
    folder: Path, num_identities: int = 12, clips_per_identity: int = 4, *, shuffled: bool = False
) -> Path:
    """Write clips and their manifest; `shuffled` gives the training clips other people's voices.

    Each person has two videos; every fourth person is for validation.

    Returns
    -------
    manifest : Path
    """
    generator = np.random.default_rng(0)
    clips = []
    for person in range(num_identities):
        trait = generator.uniform()
        for number in range(clips_per_identity):
            name = f"p{person:02d}c{number}"
            _write_faces(folder / name, trait, generator)
            _write_sound(folder / f"{name}.wav", trait, generator)
            clips.append(
                TalkingFaceClip(
                    clip_id=name,
                    identity=f"p{person:02d}",
                    video=f"p{person:02d}v{number // 2}",
                    faces=folder / name,
                    audio=folder / f"{name}.wav",
                    split="valid" if person % 4 == 3 else "train",
                )
            )
    if shuffled:
        train = [clip for clip in clips if clip.split == "train"]
        order = generator.permutation(len(train))
        voices = {
            clip.clip_id: train[other].audio for clip, other in zip(train, order, strict=True)
        }
        clips = [
            TalkingFaceClip(**{**vars(clip), "audio": voices.get(clip.clip_id, clip.audio)})
            for clip in clips
        ]
    write_manifest(folder / "manifest.csv", clips)
    return folder / "manifest.csv"


def _write_faces(folder: Path, trait: float, generator: np.random.Generator) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(2):
        image = generator.normal(60, 10, (40, 40, 3))
        top = 4 + round(28 * trait)
        image[top : top + 6] += 120
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(folder / f"{frame}.jpg")


def _write_sound(path: Path, trait: float, generator: np.random.Generator) -> None:
    times = np.arange(12000) / 16000
    tone = np.sin(2 * np.pi * (150 + 1500 * trait) * times + generator.uniform(0, 6))
    soundfile.write(path, 0.3 * tone + generator.normal(0, 0.02, len(times)), 16000)
