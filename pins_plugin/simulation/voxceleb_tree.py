"""Simulated people laid out as VoxCeleb1 is released, with the test lists of Learnable PINs: to try a recipe on.

vox1/wav/id10000/<video>/00001.wav                    sound
vox1/unzippedFaces/Person_0000/1.6/<video>/0000012.jpg   faces
vox1/txt/id10000/<video>/00001.txt                    which pictures belong to which utterance
lists/                                                identity_splits.txt, vox1_meta.csv, the test lists
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.errors import ManifestError
from pins_plugin.simulation.corpus import CorpusSettings, write_corpus
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_text

ALPHABET = list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
HEADER = "id,voice-speaker-id,face-speaker-id,label,voice-path,face-path"
STRATA = {
    "random": (),
    "G": ("gender",),
    "N": ("nationality",),
    "A": ("decade",),
    "GNA": ("gender", "nationality", "decade"),
}
MATCHING_STRATA = {"U": "random", "G": "G", "N": "N"}
SPLIT_NUMBERS = {"train": 1, "valid": 2, "test": 4}


class Track(NamedTuple):
    """One utterance with its pictures, by the names that VoxCeleb1 would give them."""

    number: int  # of the person
    video: str
    pictures: list[int]
    traits: dict[str, str]
    split: str

    @property
    def name(self) -> str:
        return f"Person_{self.number:04d}"

    @property
    def vox_id(self) -> str:
        return f"id1{self.number:04d}"

    @property
    def sound(self) -> str:
        return f"{self.vox_id}/{self.video}/00001.wav"

    def picture(self, number: int) -> str:
        return f"{self.name}/1.6/{self.video}/{number:07d}.jpg"


def write_voxceleb_tree(
    folder: str | Path, settings: CorpusSettings, *, jobs: int | None = None, quiet: bool = False
) -> Path:
    """Make people as `write_corpus` does, and lay them out anew; with `seen_heard` there are lists of them, too.

    Returns what `recipes/VoxCeleb/prepare.py voxceleb1` takes as `--root`; the lists lie beside it. ManifestError when
    the settings make no sense.
    """
    if settings.form != "images":
        raise ManifestError(f"form: expected images, as VoxCeleb1 holds, got {settings.form!r}")
    folder = Path(folder)
    clips = read_manifest(write_corpus(folder / "simulated", settings, jobs=jobs, quiet=quiet))
    generator = np.random.default_rng([settings.seed, 11])
    tracks = [_place(clip, folder / "vox1", generator) for clip in clips]
    lists = folder / "lists"
    _write_people(lists, tracks)
    trained = {track.number for track in tracks if track.split == "train"}
    test = [track for track in tracks if track.split == "test"]
    unseen = [track for track in test if track.number not in trained]
    seen = [track for track in test if track.number in trained]
    for condition, chosen in (("unseenunheard", unseen), ("seenheard", seen)):
        for stratum in STRATA:
            rows = _pairs(chosen, stratum, generator)
            if rows:
                name = f"veriflist_test_{stratum}_{condition}.txt"
                write_text(lists / name, "\n".join([HEADER, *rows]) + "\n")
    for listed, stratum in MATCHING_STRATA.items():
        for short, forward in (("f2v", True), ("v2f", False)):
            rows = _trials(unseen, stratum, forward, generator)
            if rows:
                write_text(lists / f"matching_{short}_{listed}.csv", "\n".join(rows) + "\n")
    pictures = [f"{track.vox_id}\t{track.picture(n)}" for track in unseen for n in track.pictures]
    sounds = [f"{track.vox_id}\t{track.sound}" for track in unseen]
    write_text(lists / "jpg_20k.csv", "\n".join(["VoxCeleb1 ID\tjpg", *pictures]) + "\n")
    write_text(lists / "wav_20k.csv", "\n".join(["VoxCeleb1 ID\twav", *sounds]) + "\n")
    return folder / "vox1"


def _place(clip: TalkingFaceClip, root: Path, generator: np.random.Generator) -> Track:
    """Copy the media of a clip to where VoxCeleb1 has it."""
    pictures = sorted(clip.faces.glob("*.jpg"))
    decade = str(int(clip.attributes["age"]) // 10)
    track = Track(
        int(clip.identity.lstrip("p")),
        "".join(generator.choice(ALPHABET, 11)),
        [int(path.stem) for path in pictures],
        {**clip.attributes, "decade": decade},
        clip.split,
    )
    copies = {root / "unzippedFaces" / track.picture(int(path.stem)): path for path in pictures}
    for copy, path in {**copies, root / "wav" / track.sound: clip.audio}.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    rows = [f"Identity  : \t{track.vox_id}", f"Reference : \t{track.video}", ""]
    rows.append("FRAME \tX \tY \tW \tH ")
    rows += [f"{frame:06d} \t0 \t0 \t112 \t112 " for frame in range(max(track.pictures) + 1)]
    write_text((root / "txt" / track.sound).with_suffix(".txt"), "\n".join(rows) + "\n")
    return track


def _write_people(lists: Path, tracks: Sequence[Track]) -> None:
    people = dict(sorted((track.number, track) for track in tracks))
    meta = ["VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet"]
    numbers: list[str] = []
    for number, track in people.items():
        gender, nationality = track.traits["gender"], track.traits["nationality"]
        meta.append(f"{track.vox_id}\t{track.name}\t{gender}\t{nationality}\tdev")
        splits = [SPLIT_NUMBERS[each.split] for each in tracks if each.number == number]
        numbers.append(f"{track.name} {min(splits)} ")
    write_text(lists / "vox1_meta.csv", "\n".join(meta) + "\n")
    write_text(lists / "identity_splits.txt", "\n".join(numbers) + "\n")


def _others(track: Track, tracks: Sequence[Track], stratum: str) -> list[Track]:
    """Tracks of other people who share the traits of the stratum."""
    return [
        other
        for other in tracks
        if other.number != track.number
        and all(other.traits[name] == track.traits[name] for name in STRATA[stratum])
    ]


def _pairs(tracks: Sequence[Track], stratum: str, generator: np.random.Generator) -> list[str]:
    """One right and one wrong face for each voice that has both."""
    rows: list[str] = []
    for voice in tracks:
        own = [track for track in tracks if track.number == voice.number]
        others = _others(voice, tracks, stratum)
        if not others:
            continue
        for same, faces in ((1, own), (0, others)):
            face = faces[generator.integers(len(faces))]
            picture = generator.choice(face.pictures)
            rows.append(
                f"{len(rows) + 1},{voice.number},{face.number},{same},{voice.name}/{voice.video}_0000001.wav,"
                f"{face.name}/{face.video}/{picture:07d}.jpg"
            )
    return rows


def _trials(
    tracks: Sequence[Track], stratum: str, forward: bool, generator: np.random.Generator
) -> list[str]:
    """1-of-2 trials: query, right one, wrong one."""

    def as_face(track: Track) -> str:
        return track.picture(int(generator.choice(track.pictures)))

    def as_voice(track: Track) -> str:
        return track.sound

    ask, answer = (as_face, as_voice) if forward else (as_voice, as_face)
    rows = []
    for track in tracks:
        own = [other for other in tracks if other.number == track.number]
        others = _others(track, tracks, stratum)
        if others:
            right, wrong = (group[generator.integers(len(group))] for group in (own, others))
            rows.append(f"{ask(track)} {answer(right)} {answer(wrong)}")
    return rows
