"""Names across videos: examples first, then people met before, then numbers for strangers."""

from dataclasses import replace

import numpy as np

from pins_plugin.pipelines.people.enrollment import KnownPerson
from pins_plugin.pipelines.people.naming import (
    PeopleEmbeddings,
    find_appearances,
    find_faces_of,
    find_names,
    recognize_strangers,
)
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.people.vector_file import Appearance
from pins_plugin.types import SpeakerFaceLink
from pins_plugin.utils.vectors import unit

AXES = np.eye(6)
SAME = 0.6


def _people(**faces: np.ndarray) -> PeopleEmbeddings:
    return PeopleEmbeddings(dict(faces), {}, dict.fromkeys(faces, 2.0), frozenset())


def _link(cast: Cast, video: str, found: PeopleEmbeddings, known=()) -> dict[str, str]:
    names = find_names(found, known, cast, SAME)
    cast.replace_video(video, find_appearances(found, names, video))
    return names


def test_a_stranger_keeps_the_number_of_the_first_meeting() -> None:
    cast = Cast("")
    assert _link(cast, "one", _people(P1=AXES[0], P2=AXES[1])) == {
        "P1": "PERSON_01",
        "P2": "PERSON_02",
    }
    second = _people(P1=AXES[2], P2=unit(AXES[1] + 0.2 * AXES[3]))
    names = {"P1": "PERSON_03", "P2": "PERSON_02"}
    assert _link(cast, "two", second) == names
    assert _link(cast, "two", second) == names  # again: nobody is numbered anew
    assert [a.video for a in cast.appearances] == ["one", "one", "two", "two"]


def test_examples_come_first_and_name_strangers_later() -> None:
    cast = Cast("")
    _link(cast, "one", _people(P1=AXES[0], P2=AXES[1]))
    known = [KnownPerson("anna", AXES[1])]
    assert recognize_strangers(cast, known, SAME) == {"PERSON_02": "anna"}
    cast.rename({"PERSON_02": "anna"})
    assert recognize_strangers(cast, known, SAME) == {}
    names = _link(cast, "two", _people(P1=AXES[1], P2=AXES[0], P3=AXES[4]), known)
    assert names == {"P1": "anna", "P2": "PERSON_01", "P3": "PERSON_03"}


def test_two_labels_of_one_name_are_one_appearance() -> None:
    found = PeopleEmbeddings(
        {"P1": AXES[0], "P2": AXES[1]}, {"P2": AXES[5]}, {"P1": 1.0, "P2": 2.0}, frozenset()
    )
    (both,) = find_appearances(found, {"P1": "anna", "P2": "anna"}, "v")
    assert (both.person, both.video, both.seconds) == ("anna", "v", 3.0)
    np.testing.assert_allclose(both.face, unit(AXES[0] + AXES[1]))
    np.testing.assert_allclose(both.voice, AXES[5])


def test_two_of_one_video_are_never_one_stranger() -> None:
    cast = Cast("", [Appearance("PERSON_01", "old", 1.0, AXES[0])], 2)
    like = unit(AXES[0] + 0.1 * AXES[1])
    assert find_names(_people(P1=AXES[0], P2=like), [], cast, SAME) == {
        "P1": "PERSON_01",
        "P2": "PERSON_02",
    }


def test_a_voice_is_called_after_the_face_that_it_was_linked_to() -> None:
    def link(start: float, end: float, speaker: str, person: str | None) -> SpeakerFaceLink:
        return SpeakerFaceLink(start, end, speaker, person, None, 0.9)

    links = [
        link(0, 3, "S0", "P1"),
        link(3, 4, "S0", "P2"),
        link(4, 9, "S0", None),
        link(9, 11, "S1", "P1"),
        link(11, 13, "S1", "P2"),
        link(13, 13.5, "S2", "P2"),
    ]
    assert find_faces_of(links) == {"S0": "P1"}  # S1 is divided, S2 too short
    found = replace(
        _people(P1=AXES[0], P2=AXES[1]),
        face_of={"SPEAKER_00": "P1", "SPEAKER_03": "P2", "ben": "P1"},
    )
    names = find_names(found, [KnownPerson("anna", AXES[0])], None, SAME)
    assert names == {"P1": "anna", "SPEAKER_00": "anna"}
    assert find_names(found, [], Cast(""), SAME)["SPEAKER_03"] == "PERSON_02"
