"""From found people to names: those of examples, those of people met in other videos, and numbers for strangers."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.moved import find_renamed
from pins_plugin.pipelines.people.enrollment import KnownPerson, name_people
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.people.vector_file import Appearance, Embedding, mean_direction
from pins_plugin.tracking.tracked_people import find_different_people
from pins_plugin.types import FaceTrack, SpeakerFaceLink
from pins_plugin.utils.vectors import unit

Voices = dict[str, Embedding]
# Seconds of speech that must be linked to a face before it names the voice; chosen, not measured
MIN_LINKED = 1.0
MOSTLY = 0.6  # part of a speaker's linked speech that must go to one face; chosen, not measured


@dataclass(frozen=True, eq=False)
class PeopleEmbeddings:
    """What is known of the people of one video, by label."""

    faces: dict[str, Embedding]  # of everyone on screen, in order of appearance
    voices: dict[str, Embedding]  # of everyone on screen who speaks, and of speakers who are not
    seconds: dict[str, float]  # on screen
    apart: frozenset[frozenset[str]]  # pairs that were seen in one picture
    # Speaker to the person whose face most of the speech was linked to
    face_of: dict[str, str] = field(default_factory=dict)


def average_people(
    tracks: Sequence[FaceTrack],
    links: Sequence[SpeakerFaceLink],
    voices: Voices,
    embedded: Mapping[str, NDArray[np.float32]],
    namesakes: Collection[str] = (),
) -> PeopleEmbeddings:
    """Average the faces and voices of everyone in a video; `tracks` are with people.

    `voices` are of faces and speakers, by label; `embedded` holds faces (num_faces, embedding_dim) by the name of the track.
    `namesakes` are speakers of given turns who are called like a face, and need not be that person.
    """
    seconds: dict[str, float] = {}
    for track in sorted(tracks, key=lambda track: track.start):
        label = str(track.person)
        seconds[label] = seconds.get(label, 0.0) + track.end - track.start
    heard = {
        link.person or link.speaker
        for link in links
        if link.status != "uncertain" and (link.person or link.speaker not in namesakes)
    }
    voices = {label: voice for label, voice in voices.items() if label in heard}
    different = np.argwhere(find_different_people(tracks))
    apart = {frozenset(str(tracks[number].person) for number in pair) for pair in different}
    faces = {label: unit(face) for label, face in sum_faces(tracks, embedded).items()}
    return PeopleEmbeddings(faces, voices, seconds, frozenset(apart), find_faces_of(links))


def sum_faces(
    tracks: Sequence[FaceTrack], embedded: Mapping[str, NDArray[np.floating]]
) -> dict[str, Embedding]:
    """Sum the faces of everyone, by label in order of appearance; parameters as in `average_people`."""
    faces: dict[str, Embedding] = {}
    for track in sorted(tracks, key=lambda track: track.start):
        if track.track in embedded:
            total = embedded[track.track].sum(axis=0, dtype=np.float64)
            label = str(track.person)
            faces[label] = faces[label] + total if label in faces else total
    return faces


def find_namesakes(speakers: Iterable[str]) -> list[str]:
    """Find the speakers of given turns who are called as faces are, and need not be those people.

    Examples
    --------
    >>> find_namesakes(["SPEAKER_00", "anna", "PERSON_02"])
    ['PERSON_02']
    """
    return [speaker for speaker in speakers if re.fullmatch(r"PERSON_\d+", speaker)]


def find_faces_of(links: Sequence[SpeakerFaceLink]) -> dict[str, str]:
    """Find the person whose face most of each speaker's linked speech went to, where it is clear."""
    seconds: dict[str, dict[str, float]] = {}
    for link in links:
        if link.person is not None and link.status != "uncertain":
            mine = seconds.setdefault(link.speaker, {})
            mine[link.person] = mine.get(link.person, 0.0) + link.end - link.start
    found = {}
    for speaker, mine in seconds.items():
        best = max(mine, key=lambda person: mine[person])
        if mine[best] >= max(MIN_LINKED, MOSTLY * sum(mine.values())):
            found[speaker] = best
    return found


def find_names(
    people: PeopleEmbeddings, known: Sequence[KnownPerson], cast: Cast | None, same_face: float
) -> dict[str, str]:
    """Find the names of one video's people and speakers, by label; who is not in it keeps the label.

    Those of examples (`known`) come first. Whoever was met before keeps the label of the `cast`, and strangers get its next
    numbers. `same_face` is the cosine similarity of faces from which on two may be one person's.
    """
    names = name_people(known, people.faces, people.voices, same_face, apart=people.apart)
    if cast is not None:
        met = [person for person in cast.people() if person.name not in names.values()]
        faces, voices = (
            {label: vector for label, vector in vectors.items() if label not in names}
            for vectors in (people.faces, people.voices)
        )
        names |= name_people(met, faces, voices, same_face, once=True)
        names |= {label: cast.new_label() for label in people.seconds if label not in names}
    by_face = {  # who is named after a face keeps the name out of the picture
        speaker: names[person]
        for speaker, person in people.face_of.items()
        if person in names and speaker.startswith("SPEAKER_")  # names of a given RTTM stay
    }
    return by_face | names


def find_appearances(
    people: PeopleEmbeddings, names: Mapping[str, str], video: str
) -> list[Appearance]:
    """Say what a video adds to a cast: one entry for each name that was seen."""
    found: dict[str, Appearance] = {}
    for label, seconds in people.seconds.items():
        name = names.get(label, label)
        face, voice = people.faces.get(label), people.voices.get(label)
        before = found.get(name)
        if before is not None:
            seconds += before.seconds
            face = mean_direction([before.face, face])
            voice = mean_direction([before.voice, voice])
        found[name] = Appearance(name, video, seconds, face, voice)
    return list(found.values())


def recognize_strangers(
    cast: Cast, known: Sequence[KnownPerson], same_face: float
) -> dict[str, str]:
    """Find the people of a cast who are like an example, and are not called so yet."""
    names = {person.name for person in known}
    strangers = [person for person in cast.people() if person.name not in names]
    together: dict[str, set[str]] = {}
    for each in cast.appearances:
        together.setdefault(each.video, set()).add(each.person)
    return name_people(
        known,
        {person.name: person.face for person in strangers if person.face is not None},
        {person.name: person.voice for person in strangers if person.voice is not None},
        same_face,
        apart={
            frozenset(pair)
            for people in together.values()
            for pair in combinations(sorted(people), 2)
        },
    )


def __getattr__(name: str) -> Any:
    return find_renamed(__name__, name, {"Portraits": PeopleEmbeddings})
