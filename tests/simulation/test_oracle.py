"""The oracle against slow integration over the causes, and its place between chance and one."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pins_plugin.errors import ManifestError
from pins_plugin.simulation.oracle import (
    load_people,
    log_likelihood_ratios,
    oracle_similarities,
    save_people,
)
from pins_plugin.simulation.person import (
    CAUSES,
    DISCRETE_CAUSES,
    FACE_LOADINGS,
    VOICE_LOADINGS,
    loading_matrix,
    private_scale,
    sample_person,
)

FACE, VOICE = loading_matrix(FACE_LOADINGS), loading_matrix(VOICE_LOADINGS)


@pytest.fixture(scope="module")
def people_npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("oracle") / "people.npz"
    save_people(path, [sample_person(7, index) for index in range(300)])
    return path


def test_closed_form_equals_monte_carlo() -> None:
    """Average the likelihoods of few traits over many draws of the causes."""
    generator = np.random.default_rng(0)
    rows_f, rows_v = [0, 2, 5], [0, 1]  # few traits, so that the average converges
    face_loadings, voice_loadings = FACE[rows_f] * 0.9, VOICE[rows_v] * 0.9
    num_discrete = len(DISCRETE_CAUSES)
    draws = generator.standard_normal((400_000, len(CAUSES)))
    draws[:, :num_discrete] = np.sign(draws[:, :num_discrete])
    faces = generator.standard_normal((4, len(rows_f)))
    voices = generator.standard_normal((3, len(rows_v)))

    def likelihoods(traits: np.ndarray, loadings: np.ndarray) -> np.ndarray:
        scale = private_scale(loadings)
        means = draws @ loadings.T
        return np.exp(-0.5 * (((traits - means) / scale) ** 2).sum(axis=1)) / scale.prod()

    given_face = np.array([likelihoods(traits, face_loadings) for traits in faces])
    given_voice = np.array([likelihoods(traits, voice_loadings) for traits in voices])
    expected = np.log(
        (given_face @ given_voice.T / draws.shape[0])
        / (given_face.mean(axis=1)[:, None] * given_voice.mean(axis=1)[None, :])
    )
    got = log_likelihood_ratios(faces, voices, face_loadings, voice_loadings, num_discrete)
    np.testing.assert_allclose(got, expected, atol=0.05)


def test_ratio_is_zero_without_shared_causes() -> None:
    generator = np.random.default_rng(1)
    face_loadings = np.array([[0.6, 0.0], [0.3, 0.0]])
    voice_loadings = np.array([[0.0, 0.7]])
    ratios = log_likelihood_ratios(
        generator.standard_normal((5, 2)),
        generator.standard_normal((6, 1)),
        face_loadings,
        voice_loadings,
        1,
    )
    np.testing.assert_allclose(ratios, 0, atol=1e-12)


def test_gaussian_case_by_hand() -> None:
    """One trait each with correlation 0.5, f = v = 1: LLR = -log(1 - r^2)/2 + ... by the textbook formula."""
    loadings = np.array([[np.sqrt(0.5)]])
    got = log_likelihood_ratios(np.ones((1, 1)), np.ones((1, 1)), loadings, loadings, 0)[0, 0]
    correlation = 0.5
    expected = -0.5 * np.log(1 - correlation**2) - 1 / (1 + correlation) + 1
    assert got == pytest.approx(expected)


def test_oracle_auc_is_between_092_and_095(people_npz: Path) -> None:
    people = [f"p{index:04d}" for index in range(300)]
    scores = oracle_similarities(people_npz, people, people)
    same = np.eye(300, dtype=bool)
    assert 0.92 < roc_auc_score(same.ravel(), scores.ravel()) < 0.95


def test_rows_and_columns_follow_the_identities(people_npz: Path) -> None:
    scores = oracle_similarities(people_npz, ["p0003", "p0001", "p0003"], ["p0002", "p0003"])
    assert scores.shape == (3, 2)
    np.testing.assert_array_equal(scores[0], scores[2])
    alone = oracle_similarities(people_npz, ["p0003"], ["p0003"])
    assert scores[0, 1] == pytest.approx(alone[0, 0])


def test_people_npz_holds_the_truth(people_npz: Path) -> None:
    people = load_people(people_npz)
    person = sample_person(7, 42)
    assert people["identity"][42] == "p0042"
    assert people["face_traits"][42].tolist() == list(person.face.values())
    assert people["voice_traits"][42].tolist() == list(person.voice.values())
    assert people["causes"][42].tolist() == list(person.causes.values())
    assert people["cause_names"].tolist() == list(CAUSES)


def test_unknown_person_and_damaged_file_are_explained(people_npz: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="holds no person 'p9999'"):
        oracle_similarities(people_npz, ["p9999"], ["p0000"])
    with pytest.raises(ManifestError, match="no such file"):
        load_people(tmp_path / "absent.npz")
    damaged = tmp_path / "people.npz"
    damaged.write_bytes(people_npz.read_bytes()[:200])
    with pytest.raises(ManifestError, match=r"people\.npz"):
        load_people(damaged)
