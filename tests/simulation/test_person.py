"""People: reproducible, with traits of mean 0 and variance 1 that follow their causes."""

import numpy as np
import pytest

from pins_plugin.simulation.person import (
    ACCENT_GROUPS,
    CAUSES,
    FACE_LOADINGS,
    VOICE_LOADINGS,
    loading_matrix,
    private_scale,
    sample_person,
)

PEOPLE = [sample_person(11, index) for index in range(3000)]


@pytest.mark.parametrize("table", [FACE_LOADINGS, VOICE_LOADINGS], ids=["face", "voice"])
def test_loadings_leave_room_for_private_traits(table: dict[str, dict[str, float]]) -> None:
    loadings = loading_matrix(table)
    assert loadings.shape == (len(table), len(CAUSES))
    assert private_scale(loadings).min() > 0.2


def test_same_seed_same_person_other_seed_another() -> None:
    assert sample_person(11, 5) == PEOPLE[5]
    assert sample_person(12, 5).face != PEOPLE[5].face


@pytest.mark.parametrize("side", ["face", "voice"])
def test_traits_have_mean_zero_and_variance_one(side: str) -> None:
    traits = np.array([list(getattr(person, side).values()) for person in PEOPLE])
    np.testing.assert_allclose(traits.mean(axis=0), 0, atol=0.07)
    np.testing.assert_allclose(traits.var(axis=0), 1, atol=0.1)


def test_face_and_voice_correlate_as_the_loadings_say() -> None:
    faces = np.array([list(person.face.values()) for person in PEOPLE])
    voices = np.array([list(person.voice.values()) for person in PEOPLE])
    expected = loading_matrix(FACE_LOADINGS) @ loading_matrix(VOICE_LOADINGS).T
    np.testing.assert_allclose(faces.T @ voices / len(PEOPLE), expected, atol=0.08)


def test_gender_age_and_accent_are_readable() -> None:
    assert {person.gender for person in PEOPLE} == {"f", "m"}
    assert {person.accent for person in PEOPLE} == set(ACCENT_GROUPS.values())
    assert all(18 <= person.age <= 80 for person in PEOPLE)
