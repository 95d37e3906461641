"""Clips of VoxCeleb1 and VoxCeleb2 as their authors released them, as rows of a manifest.

VoxCeleb1: utterances `[vox1_dev_]wav/id10001/<video>/00001.wav` (or `A.J._Buckley/<video>_0000001.wav`), pictures
`unzippedFaces/A.J._Buckley/1.6/<video>/0002275.jpg`, and, where they lie there too, the tracks
`txt/id10001/<video>/00001.txt` that tell which pictures belong to which utterance, or `mp4/id10001/<video>/00001.mp4`.
VoxCeleb2: `mp4/id00012/<video>/00001.mp4` and `aac/id00012/<video>/00001.m4a`.

A recording is a person's part of a video: two people of one video may meet in a batch, and are fair negatives.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from pins_plugin.data.corpora.voxceleb import VOICE_SUFFIXES, VoxCelebFolder, walk_files
from pins_plugin.errors import ManifestError
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import read_text

SPLIT_OF_SET = {"1": "train", "2": "valid", "3": "test", "4": "test"}
VALID_SHARE = 0.05  # of the people of VoxCeleb2; chosen, not measured
Skipped = dict[str, str]


def read_splits(path: str | Path) -> dict[str, str]:
    """Read the official `identity_splits.txt`: person's name to "train", "valid" or "test".

    Raises
    ------
    ManifestError
        When the file is missing or of another kind.
    """
    text = read_text(path, ManifestError, "the authors' identity_splits.txt")
    rows = [line.split() for line in text.split("\n") if line.strip()]
    if not rows or any(len(row) != 2 or row[1] not in SPLIT_OF_SET for row in rows):
        raise ManifestError(f"{path}: expected lines like 'A.J._Buckley 1' with a number 1 to 4")
    return {name: SPLIT_OF_SET[number] for name, number in rows}


def find_voxceleb1(
    root: str | Path,
    splits: Mapping[str, str],
    ids: Mapping[str, str],
    out: str | Path,
    held_out: Collection[tuple[str, str]] = (),
) -> tuple[list[TalkingFaceClip], Skipped]:
    """List the utterances of VoxCeleb1 that have pictures, and what was left out: its path and why.

    Parameters
    ----------
    root : str or Path
        Folder below which everything lies.
    splits, ids : mapping of str to str
        Person's name to split and to VoxCeleb1 id, as `read_splits` and `read_ids` give them.
    out : str or Path
        Where the pictures of single tracks are linked.
    held_out : collection of (str, str)
        Person's id and video: videos of training people that are for testing, those of the seen-heard lists.
    """
    names = {vox_id: name for name, vox_id in ids.items()}
    found = VoxCelebFolder(root, ids)
    skipped = dict(found.skipped)
    clips = []
    for key, voice in sorted(found.voices.items()):
        person = names.get(key.person, key.person)
        split = splits.get(person) or splits.get(key.person)
        seen = found.pictures.get((key.person, key.video), {})
        clip_id = f"{key.person}-{key.video}-{key.number:05d}"
        if split is None:
            skipped[str(voice)] = f"{person} is not in the splits"
        elif not seen and key not in found.videos:
            skipped[str(voice)] = "no pictures of this video"
        else:
            folder = Path(out) / "faces" / clip_id
            faces = found.videos.get(key) or _faces_of(seen, found.tracks.get(key), folder)
            if faces is None:
                skipped[str(voice)] = "no picture in this track"
                continue
            split = "test" if (key.person, key.video) in held_out else split
            video = f"{key.person}/{key.video}"
            clips.append(TalkingFaceClip(clip_id, person, video, faces, voice, split))
    heard = {(key.person, key.video) for key in found.voices}
    for of in sorted(found.pictures.keys() - heard):
        folder = next(iter(found.pictures[of].values())).parent
        skipped[str(folder)] = "no utterance of this video"
    return clips, skipped


def find_voxceleb2(root: str | Path) -> tuple[list[TalkingFaceClip], Skipped]:
    """List the clips of VoxCeleb2: face video and sound, that of the video itself where there is no other.

    `test` folders are for testing, a share of the other people, chosen by a checksum of their id, for validation.
    """
    videos, sounds = {}, {}
    for path in walk_files(root):
        key = (*tuple(path.parts[-3:-1]), path.stem)
        if path.suffix.lower() == ".mp4":
            videos[key] = path
        elif path.suffix.lower() in VOICE_SUFFIXES:
            sounds[key] = path
    clips = []
    for key, path in sorted(videos.items()):
        person, video, number = key
        is_test = any("test" in part for part in path.relative_to(root).parts[:-3])
        split = "test" if is_test else split_by_checksum(person, VALID_SHARE)
        clip_id = f"{person}-{video}-{number}"
        recording, sound = f"{person}/{video}", sounds.get(key, path)
        clips.append(TalkingFaceClip(clip_id, person, recording, path, sound, split))
    return clips, {
        str(sounds[key]): "no video of this clip" for key in sorted(sounds.keys() - videos)
    }


def split_by_checksum(name: str, valid_share: float) -> str:
    """Put a person (or a video) into the split train or valid, always the same one.

    Examples
    --------
    >>> split_by_checksum("id00012", valid_share=0.0)
    'train'
    """
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 16**8
    return "valid" if number < valid_share else "train"


def _faces_of(seen: Mapping[int, Path], track: Path | None, folder: Path) -> Path | None:
    """Find the folder with the pictures of a track; those of the whole video where no track is known."""
    text = "" if track is None else track.read_text(encoding="utf-8", errors="replace")
    frames = [int(number) for number in re.findall(r"^\d+(?=\s)", text, re.MULTILINE)]
    if not frames:
        return next(iter(seen.values())).parent
    own = [path for number, path in sorted(seen.items()) if frames[0] <= number <= frames[-1]]
    if not own:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    for path in own:
        target = folder / path.name
        if not target.exists():
            try:
                os.link(path, target)
            except OSError:  # the file system has no hard links
                shutil.copyfile(path, target)
    return folder
