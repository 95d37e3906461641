"""A miniature of the official lists, and of VoxCeleb1 as it lies on a disk."""

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
from PIL import Image

NAMES = [f"Person_{letter}." for letter in "ABCDEF"]
VIDEOS = ["a1_b2-C3d4_", "Zz9_8-7xyzQ"]  # as hard as YouTube's ids can be


class Miniature(NamedTuple):
    """Folders of the lists and of the media."""

    lists: Path
    root: Path


@pytest.fixture(scope="session", params=["first release", "second release"])
def miniature(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Miniature:
    """Six people, two videos each, one picture and one utterance of each video."""
    folder = tmp_path_factory.mktemp("voxceleb")
    lists, root = folder / "lists", folder / "root"
    lists.mkdir()
    generator = np.random.default_rng(0)
    for index, name in enumerate(NAMES):
        for video in VIDEOS:
            picture = root / "unzippedFaces" / name / "1.6" / video / "0000025.jpg"
            picture.parent.mkdir(parents=True)
            pixels = generator.integers(0, 256, (48, 48, 3), np.uint8)
            Image.fromarray(pixels).save(picture)
            if request.param == "first release":
                sound = root / "voxceleb1_wav" / name / f"{video}_0000001.wav"
            else:
                sound = root / "vox1_dev_wav" / "wav" / f"id1000{index}" / video / "00001.wav"
            sound.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(sound, 0.1 * generator.normal(size=8000), 16000)
    meta = ["VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet"]
    meta += [f"id1000{index}\t{name}\tm\tIreland\tdev" for index, name in enumerate(NAMES)]
    (lists / "vox1_meta.csv").write_text("\n".join(meta) + "\n")
    _write_lists(lists)
    return Miniature(lists, root)


def _write_lists(lists: Path) -> None:
    pairs = ["id,voice-speaker-id,face-speaker-id,label,voice-path,face-path"]
    for index, name in enumerate(NAMES):
        for turn, video in enumerate(VIDEOS):
            other = (index + 1) % len(NAMES)
            voice = f"{name}/{video}_0000001.wav"
            pairs.append(f"0,{index},{index},1,{voice},{name}/{VIDEOS[0]}/0000025.jpg")
            pairs.append(f"0,{index},{other},0,{voice},{NAMES[other]}/{VIDEOS[turn]}/0000025.jpg")
    for stratum in ("random", "G"):
        path = lists / f"veriflist_test_{stratum}_unseenunheard.txt.gz"
        path.write_bytes(gzip.compress(("\n".join(pairs) + "\n").encode()))
    picture = "{}/1.6/" + VIDEOS[0] + "/0000025.jpg"
    sound = "id1000{}/" + VIDEOS[1] + "/00001.wav"
    trials = [
        f"{picture.format(name)} {sound.format(i)} {sound.format((i + 1) % 6)}"
        for i, name in enumerate(NAMES)
    ]
    (lists / "matching_f2v_U.csv").write_text("\n".join(trials) + "\n")
    (lists / "jpg_20k.csv").write_text(
        "VoxCeleb1 ID\tjpg\n" + "".join(f"id\t{picture.format(n)}\n" for n in NAMES)
    )
    (lists / "wav_20k.csv").write_text(
        "VoxCeleb1 ID\twav\n" + "".join(f"id\t{sound.format(i)}\n" for i in range(6))
    )
