"""Which faces are one person, when voices have a say.

Two strangers can look alike to a face encoder; their voices then differ. So tracks are joined at once only
where the faces are very alike; where they are merely alike enough, the speaker that their lips fit decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pins_plugin.pipelines.linking.assignment import Ratios
from pins_plugin.pipelines.linking.pieces import Piece
from pins_plugin.tracking.people import find_different_people, group_people
from pins_plugin.tracking.repeated_views import find_repeated_views
from pins_plugin.types import FaceTrack
from pins_plugin.utils.vectors import unit

SURE = 0.85  # cosine similarity of faces that need no voice to be one person
SAME_VOICE = (
    0.6  # cosine similarity of voices that may be one speaker, cut in two by the diarization
)
OTHER_VOICE = 0.2  # and below which they are two speakers
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

    Where one of two has no voice, they must look more alike: half-way to `SURE`.

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
    number_of = {person: number for number, person in enumerate(people)}
    owner = np.array([number_of[str(track.person)] for track in tracks], int)
    together = np.zeros((len(people), len(people)), bool)
    apart = find_different_people(tracks)
    apart &= ~find_repeated_views(tracks, embeddings, apart, same_person)
    first, second = np.nonzero(apart)
    together[owner[first], owner[second]] = True
    sums = _sum_faces(tracks, embeddings, owner, len(people))
    speakers = [voice_of.get(person) for person in people]
    clusters = _merge_people(sums, together, speakers, voices, same_person)
    names: dict[int, str] = {}
    for i in sorted(range(len(tracks)), key=lambda i: tracks[i].start):
        names.setdefault(int(clusters[owner[i]]), f"PERSON_{len(names) + 1:02d}")
    return [replace(track, person=names[int(clusters[owner[i]])]) for i, track in enumerate(tracks)]


def _merge_people(
    sums: NDArray[np.float64],
    together: NDArray[np.bool_],
    speakers: list[str | None],
    voices: Mapping[tuple[str, str], float],
    same_person: float,
) -> NDArray[np.intp]:
    """Merge the two most alike until none may be merged; returns the lowest member of each one's group.

    A pair is out when both are seen in one picture (`together`), or when both have a voice and the voices
    differ. A group takes the voice of the first of its members that has one.
    """
    speakers = list(speakers)
    clusters = np.arange(len(sums))

    def least(person: int) -> NDArray[np.float64]:
        """Similarity that each other person needs to be this one."""
        mine = speakers[person]
        return np.array([_least_similarity(mine, each, voices, same_person) for each in speakers])

    units = unit(sums)
    alike = units @ units.T
    apart = together | together.T
    for person in range(len(sums)):
        alike[person, apart[person] | (alike[person] < least(person))] = -np.inf
    unseen = ~sums.any(axis=1)
    alike[unseen], alike[:, unseen] = -np.inf, -np.inf
    np.fill_diagonal(alike, -np.inf)
    while len(alike) and alike.max() > -np.inf:
        place = np.unravel_index(int(alike.argmax()), alike.shape)
        first, second = sorted(int(index) for index in place)
        clusters[clusters == second] = first
        sums[first] += sums[second]
        apart[first] |= apart[second]
        apart[:, first] |= apart[:, second]
        speakers[first], speakers[second] = speakers[first] or speakers[second], None
        units[first] = unit(sums[first][None])[0]
        gone = (clusters != np.arange(len(clusters))) | unseen
        row = units @ units[first]
        row[apart[first] | gone | (row < least(first))] = -np.inf
        row[first] = -np.inf
        alike[first], alike[:, first] = row, row
        alike[second], alike[:, second] = -np.inf, -np.inf
    return clusters


def find_voices(
    pieces: Sequence[Piece],
    ratios: Sequence[Ratios],
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


def _least_similarity(
    first: str | None,
    second: str | None,
    voices: Mapping[tuple[str, str], float],
    same_person: float,
) -> float:
    """Similarity that the faces of two people need, whose speakers these are, to be one person."""
    if not (first and second):
        return (same_person + SURE) / 2
    if first != second and voices.get((first, second), 0.0) < SAME_VOICE:
        return np.inf
    return same_person


def _sum_faces(
    tracks: Sequence[FaceTrack],
    embeddings: Mapping[str, NDArray[np.floating]],
    owner: NDArray[np.intp],
    num_people: int,
) -> NDArray[np.float64]:
    """Sum of the mean directions of each person's tracks (num_people, embedding_dim); zeros where not known."""
    size = next((faces.shape[1] for faces in embeddings.values()), 1)
    sums = np.zeros((num_people, size))
    for person, track in zip(owner, tracks, strict=True):
        if track.track in embeddings:
            sums[person] += unit(embeddings[track.track].sum(axis=0)[None])[0]
    return sums
