"""Enrollment, names from examples: one picture and/or one sound per person, the file's name is the person's.

As in the labeling of TV characters (Nagrani, Albanie, Zisserman, ECCV 2018, section 6): one example names every
further appearance. Open set: whoever is like no example keeps the label `PERSON_03`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.data.media.images import IMAGE_SUFFIXES, is_hidden
from pins_plugin.errors import MediaError
from pins_plugin.moved import find_renamed
from pins_plugin.pipelines.people.vector_file import Embedding, mean_direction
from pins_plugin.utils.vectors import unit

IMAGES = tuple(sorted(IMAGE_SUFFIXES))
AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".ogg")
# Cosine similarity of voices from which on they may be one person's; chosen, not measured
SAME_VOICE = 0.55
VOICE_WEIGHT = 0.5  # of a voice's lead over its threshold, beside a face's; chosen, not measured


@dataclass(frozen=True, eq=False)
class KnownPerson:
    """A person with an example: unit vectors, or None where there is no example of that kind."""

    name: str
    face: Embedding | None = None
    voice: Embedding | None = None


def load_people(
    folder: str | Path,
    embed_picture: Callable[[Path], Embedding],
    embed_audio: Callable[[Path], Embedding],
) -> list[KnownPerson]:
    """Read the examples of a folder: `anna.jpg`, `anna.wav`, `ben.png`, ...; hidden files are passed over.

    `embed_picture` and `embed_audio` give the embedding (embedding_dim,) of the file at a path.

    Raises
    ------
    MediaError
        When the folder is missing or holds no example.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MediaError(f"{folder}: no such folder; expected one picture or sound file per person")
    faces: dict[str, list[Embedding]] = {}
    voices: dict[str, list[Embedding]] = {}
    for path in sorted(folder.iterdir()):
        kind = path.suffix.lower()
        if is_hidden(path):
            continue
        if kind in IMAGES:
            faces.setdefault(path.stem, []).append(unit(embed_picture(path)))
        elif kind in AUDIO_SUFFIXES:
            voices.setdefault(path.stem, []).append(unit(embed_audio(path)))
    if not (faces or voices):
        raise MediaError(
            f"{folder}: holds no example; expected pictures ({', '.join(IMAGES)}) or sounds "
            f"({', '.join(AUDIO_SUFFIXES)}), each named after a person"
        )
    return [
        KnownPerson(name, mean_direction(faces.get(name, ())), mean_direction(voices.get(name, ())))
        for name in sorted({*faces, *voices})
    ]


def name_people(
    people: Sequence[KnownPerson],
    faces: Mapping[str, Embedding],
    voices: Mapping[str, Embedding],
    same_face: float,
    *,
    apart: Collection[frozenset[str]] = (),
    once: bool = False,
) -> dict[str, str]:
    """Give each found person the name of the example that is most alike, if any is alike enough.

    Parameters
    ----------
    people : sequence of KnownPerson
    faces : mapping of str to (embedding_dim,) array
        Label of each person on screen to the mean face.
    voices : mapping of str to (embedding_dim,) array
        Label of each person on screen, or of each speaker off screen, to the mean voice.
    same_face : float
        Cosine similarity of faces from which on two may be one person's.
    apart : collection of pairs of labels
        Seen in one picture: two people, whose names differ.
    once : bool
        No two labels get one name, whether they were seen in one picture or not.

    Returns
    -------
    names : dict of str to str
        Labels that are like an example, to its name.
    """
    labels = sorted({*faces, *voices})
    scores = np.zeros((len(labels), len(people)))
    for row, label in enumerate(labels):
        for column, person in enumerate(people):
            weight = 1.0  # a face that was seen decides; a voice alone may name whoever has none
            if label in faces and person.face is not None:
                scores[row, column] += float(unit(faces[label]) @ person.face) - same_face
                weight = VOICE_WEIGHT
            if label in voices and person.voice is not None:
                lead = float(unit(voices[label]) @ person.voice) - SAME_VOICE
                scores[row, column] += weight * lead
    names: dict[str, str] = {}
    for place in np.argsort(-scores, axis=None, kind="stable"):
        row, column = divmod(int(place), len(people))
        if scores[row, column] <= 0:
            break
        label, name = labels[row], people[column].name
        namesakes = [other for other, given in names.items() if given == name]
        if label in names or (once and namesakes):
            continue
        if not any(frozenset((label, other)) in apart for other in namesakes):
            names[label] = name
    return names


def __getattr__(name: str) -> Any:
    return find_renamed(__name__, name, {"SOUNDS": AUDIO_SUFFIXES})
