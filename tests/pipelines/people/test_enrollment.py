"""Names from one example per person, open set."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.errors import MediaError
from pins_plugin.pipelines.people.enrollment import KnownPerson, load_people, name_people
from pins_plugin.utils.vectors import unit

AXES = np.eye(4)


PEOPLE = [KnownPerson("anna", AXES[0]), KnownPerson("ben", AXES[1])]
FACES = {
    "PERSON_01": unit(AXES[0] + 0.3 * AXES[2]),
    "PERSON_02": unit(AXES[0] + 0.1 * AXES[2]),
    "PERSON_03": AXES[3],
}


def test_everyone_who_is_alike_gets_the_name() -> None:
    assert name_people(PEOPLE, FACES, {}, 0.6) == {"PERSON_01": "anna", "PERSON_02": "anna"}


def test_of_two_in_one_picture_the_more_alike_gets_the_name() -> None:
    apart = {frozenset(("PERSON_01", "PERSON_02"))}
    assert name_people(PEOPLE, FACES, {}, 0.6, apart=apart) == {"PERSON_02": "anna"}
    assert name_people(PEOPLE, FACES, {}, 0.6, once=True) == {"PERSON_02": "anna"}


def test_no_examples_no_names() -> None:
    assert name_people([], FACES, {}, 0.6) == {}
    assert name_people(PEOPLE, {}, {}, 0.6) == {}


def test_a_voice_names_who_is_never_seen() -> None:
    people = [KnownPerson("anna", voice=AXES[0]), KnownPerson("ben", AXES[1], AXES[1])]
    names = name_people(people, {"PERSON_01": AXES[1]}, {"SPEAKER_01": AXES[0]}, 0.6)
    assert names == {"PERSON_01": "ben", "SPEAKER_01": "anna"}


def test_examples_are_read_by_kind(tmp_path: Path) -> None:
    for name in ("anna.jpg", "anna.wav", "ben.png", "notes.txt"):
        (tmp_path / name).touch()
    people = load_people(tmp_path, lambda path: 2 * AXES[0], lambda path: AXES[1])
    assert [(p.name, p.face is not None, p.voice is not None) for p in people] == [
        ("anna", True, True),
        ("ben", True, False),
    ]
    assert np.linalg.norm(people[0].face) == pytest.approx(1.0)


def test_all_examples_of_a_person_count_and_hidden_files_do_not(tmp_path: Path) -> None:
    for name in ("anna.jpg", "anna.jpeg", "anna.png", "._anna.jpg", ".DS_Store"):
        (tmp_path / name).touch()
    embeddings = {".jpg": AXES[0], ".jpeg": AXES[1], ".png": AXES[2]}
    (anna,) = load_people(tmp_path, lambda path: embeddings[path.suffix], lambda path: AXES[3])
    assert (anna.name, anna.voice) == ("anna", None)
    np.testing.assert_allclose(anna.face, unit([1, 1, 1, 0]))


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_examples_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MediaError, match="expected"):
        load_people(tmp_path / name, lambda path: AXES[0], lambda path: AXES[0])
