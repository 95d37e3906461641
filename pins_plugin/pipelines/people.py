"""Which faces are one person, when voices have a say.

Two strangers can look alike to a face encoder; their voices then differ. So tracks are joined at once only
where the faces are very alike; where they are merely alike enough, the speaker that their lips fit decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.pieces import Piece
from pins_plugin.tracking.people import find_different_people, group_people
from pins_plugin.types import FaceTrack
from pins_plugin.utils.vectors import unit

SURE = 0.85  # cosine similarity of faces that need no voice to be one person
SAME_VOICE = (
    0.85  # cosine similarity of voices that may be one speaker, cut in two by the diarization
)
OTHER_VOICE = 0.65  # and below which they are two speakers
LEAST_SPEECH = 0.5  # seconds, before a face has a voice
MOSTLY = 0.6  # part of a face's speech that must be one speaker's


def group_surely(
    tracks: Sequence[FaceTrack], embeddings: Mapping[str, NDArray[np.floating]], same_person: float
) -> list[FaceTrack]:
    """Join the tracks whose faces are very alike."""
    return group_people(tracks, embeddings, max(SURE, same_person))


def join_people(
    tracks: Sequence[FaceTrack],
    embeddings: Mapping[str, NDArray[np.floating]],
    voice_of: Mapping[str, str],
    voices: Mapping[tuple[str, str], float],
    same_person: float,
) -> list[FaceTrack]:
    """Join people who look alike, unless their voices or a common picture say that they are two.

    Parameters
    ----------
    tracks : sequence of FaceTrack
        With `person` set.
    embeddings : mapping of str to (num_faces, embedding_dim) array
        By the name of the track.
    voice_of : mapping of str to str
        Person -> speaker, for those who have one; see `find_voices`.
    voices : mapping of (speaker, speaker) to float
        Cosine similarities.
    same_person : float
        Cosine similarity of faces from which on two people may be one.

    Returns
    -------
    tracks : list of FaceTrack
        People are renamed in order of appearance.
    """
    people = list(dict.fromkeys(str(track.person) for track in tracks))
    members = {p: [i for i, track in enumerate(tracks) if track.person == p] for p in people}
    faces = {
        person: face
        for person in people
        if (face := _sum_faces([tracks[i] for i in members[person]], embeddings)) is not None
    }
    apart = find_different_people(tracks)
    speaker = dict(voice_of)
    while True:
        best = None
        for number, first in enumerate(people):
            for second in people[number + 1 :]:
                if first not in faces or second not in faces:
                    continue
                alike = float(unit(faces[first]) @ unit(faces[second]))
                if alike < same_person or (best is not None and alike <= best[0]):
                    continue
                if apart[np.ix_(members[first], members[second])].any():
                    continue
                one, other = speaker.get(first), speaker.get(second)
                if one and other and one != other and voices.get((one, other), 0.0) < SAME_VOICE:
                    continue
                best = alike, first, second
        if best is None:
            break
        _, first, second = best
        members[first] += members.pop(second)
        faces[first] = faces[first] + faces.pop(second)
        if first not in speaker and second in speaker:
            speaker[first] = speaker[second]
        people.remove(second)
    person_of = {i: person for person in people for i in members[person]}
    names: dict[str, str] = {}
    for i in sorted(range(len(tracks)), key=lambda i: tracks[i].start):
        names.setdefault(person_of[i], f"PERSON_{len(names) + 1:02d}")
    return [replace(track, person=names[person_of[i]]) for i, track in enumerate(tracks)]


def find_voices(
    pieces: Sequence[Piece],
    ratios: Sequence[Mapping[str, Mapping[str, float]]],
    person_of: Mapping[str, str],
) -> dict[str, str]:
    """Find the speaker whose speech each person's lips fit, for those who have one.

    Parameters
    ----------
    pieces : sequence of Piece
    ratios : sequence of mappings
        Of each piece: track -> source -> log-likelihood ratio.
    person_of : mapping of str to str
        Track -> person.

    Returns
    -------
    voice_of : dict of str to str
    """
    seconds: dict[str, dict[str, float]] = {}
    for piece, by_track in zip(pieces, ratios, strict=True):
        for track, by_source in by_track.items():
            speaks = 1 / (1 + np.exp(-sum(by_source.values())))
            mine = seconds.setdefault(person_of[track], {})
            mine[piece.speaker] = mine.get(piece.speaker, 0.0) + piece.duration * float(speaks)
    found = {}
    for person, by_speaker in seconds.items():
        best = max(by_speaker, key=lambda name: by_speaker[name])
        if by_speaker[best] >= max(LEAST_SPEECH, MOSTLY * sum(by_speaker.values())):
            found[person] = best
    return found


def rivalry_weight(similarity: float) -> float:
    """How much two speakers exclude each other as one person's voice: 0 for one voice, 1 for two."""
    return float(np.clip((SAME_VOICE - similarity) / (SAME_VOICE - OTHER_VOICE), 0.0, 1.0))


def _sum_faces(
    tracks: Sequence[FaceTrack], embeddings: Mapping[str, NDArray[np.floating]]
) -> NDArray[np.float64] | None:
    found = [unit(embeddings[t.track].sum(axis=0)) for t in tracks if t.track in embeddings]
    return np.sum(found, axis=0) if found else None
