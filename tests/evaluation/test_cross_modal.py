"""The cross-modal report: chance for noise, one for the truth, the oracle between, intervals that cover."""

import json

import numpy as np
import pytest
from scipy.stats import norm

from pins_plugin.errors import ManifestError, PinsError, ShapeError
from pins_plugin.evaluation.cross_modal import evaluate_cross_modal


def _people(num: int, clips: int, noise: float, seed: int = 0, dim: int = 16):
    """Embeddings = what the person is + noise, and the names of the people."""
    generator = np.random.default_rng(seed)
    person = np.repeat(generator.normal(size=(num, dim)), clips, axis=0)
    faces = person + noise * generator.normal(size=person.shape)
    voices = person + noise * generator.normal(size=person.shape)
    return faces, voices, [f"p{index // clips:03d}" for index in range(num * clips)]


def _evaluate(faces, voices, names, **options):
    options = {"num_pairs": 4000, "num_trials": 2000, "num_replicates": 200} | options
    return evaluate_cross_modal(faces, voices, names, names, **options)


def test_a_perfect_model_scores_one_everywhere() -> None:
    report = _evaluate(*_people(20, 3, noise=0.0))
    assert report["verification"]["roc_auc"] == 1 and report["verification"]["eer"] == 0
    assert list(report["matching"]) == [str(n) for n in range(2, 11)]
    assert all(cell["accuracy"] == 1 for cell in report["matching"].values())
    for direction in ("face_to_voice", "voice_to_face"):
        assert report["retrieval"][direction]["map"]["value"] == pytest.approx(1)
        assert report["retrieval"][direction]["recall_at_1"]["value"] == 1


def test_noise_scores_at_chance_and_the_interval_says_so() -> None:
    faces, voices, names = _people(60, 3, noise=1.0)
    report = _evaluate(faces, np.random.default_rng(9).normal(size=voices.shape), names)
    low, high = report["verification"]["ci95"]
    assert low < 0.5 < high
    for n, cell in report["matching"].items():
        assert cell["chance"] == 1 / int(n)
        assert cell["ci95"][0] < cell["chance"] < cell["ci95"][1]
    precision = report["retrieval"]["face_to_voice"]["map"]
    assert precision["value"] == pytest.approx(precision["chance"], rel=0.3)


def test_a_collapsed_model_scores_at_chance() -> None:
    _, _, names = _people(12, 2, noise=0.0)
    same = np.ones((24, 8))
    report = _evaluate(same, same, names)
    assert report["verification"]["roc_auc"] == pytest.approx(0.5, abs=1e-3)
    assert report["matching"]["4"]["accuracy"] == pytest.approx(0.25, abs=1e-3)


def test_one_dimensional_gaussians_reach_their_closed_form() -> None:
    """Scores N(1, 1) for the same person and N(0, 1) otherwise: the area is Phi(1 / sqrt 2)."""
    generator = np.random.default_rng(0)
    names = [f"p{index}" for index in range(300)]
    oracle = generator.normal(size=(300, 300)) + np.eye(300)
    report = _evaluate(*_people(300, 1, 1.0)[:2], names, oracle=oracle, num_pairs=20_000)
    expected = norm.cdf(1 / np.sqrt(2))
    assert report["verification"]["oracle"] == pytest.approx(expected, abs=0.03)


def test_the_report_is_json_with_the_promised_names() -> None:
    faces, voices, names = _people(12, 2, noise=1.0)
    oracle = np.array([[float(a == b) for b in names] for a in names])
    report = json.loads(json.dumps(_evaluate(faces, voices, names, oracle=oracle), allow_nan=False))
    assert {"roc_auc", "ci95", "chance", "oracle", "eer"} <= set(report["verification"])
    assert report["verification"]["oracle"] == 1.0
    assert report["matching"]["2"]["oracle"] == 1.0
    assert report["retrieval"]["voice_to_face"]["recall_at_5"]["oracle"] == 1.0
    low, high = report["verification"]["ci95"]
    assert low <= report["verification"]["roc_auc"] <= high


def test_the_same_seed_gives_the_same_report() -> None:
    people = _people(12, 2, noise=1.0)
    assert _evaluate(*people, seed=4) == _evaluate(*people, seed=4)
    assert _evaluate(*people, seed=4) != _evaluate(*people, seed=5)


def test_swapping_the_modalities_swaps_the_directions() -> None:
    faces, voices, names = _people(12, 2, noise=1.0)
    forward = _evaluate(faces, voices, names)["retrieval"]
    backward = _evaluate(voices, faces, names)["retrieval"]
    assert forward["face_to_voice"] == backward["voice_to_face"]


def test_a_model_that_only_knows_the_recording_shows_up() -> None:
    """Faces and voices agree within a clip and nowhere else."""
    generator = np.random.default_rng(0)
    session = generator.normal(size=(60, 16))
    clips = [f"c{index}" for index in range(60)]
    names = [f"p{index // 3:02d}" for index in range(60)]
    report = _evaluate(
        session,
        session,
        names,
        face_clips=clips,
        voice_clips=clips,
        face_videos=clips,
        voice_videos=clips,
    )
    assert report["same_track"]["roc_auc"] == 1
    assert report["other_video"]["roc_auc"] == pytest.approx(0.5, abs=0.1)


def test_a_model_that_only_knows_the_sex_is_at_chance_within_the_stratum() -> None:
    sex = np.random.default_rng(0).integers(0, 2, 30)
    names = [f"p{index:02d}" for index in range(30)]
    embeddings = np.stack([sex, 1 - sex], axis=1) + 1e-3 * np.random.default_rng(1).normal(
        size=(30, 2)
    )
    strata = {"G": dict(zip(names, sex, strict=True)), "N": {}}
    report = _evaluate(embeddings, embeddings[::-1][::-1], names, strata=strata)
    other = _evaluate(embeddings, np.stack([sex, 1 - sex], axis=1), names, strata=strata)
    assert other["verification"]["roc_auc"] > 0.7
    assert other["strata"]["G"]["roc_auc"] == pytest.approx(0.5, abs=0.12)
    assert report["strata"]["N"] is None  # nobody's value is known


def test_few_people_leave_out_what_cannot_be_asked() -> None:
    report = _evaluate(*_people(4, 2, noise=1.0))
    assert list(report["matching"]) == ["2", "3", "4"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"names": ["a"] * 6}, ManifestError, "two or more people"),
        ({"names": ["a"] * 5}, ShapeError, "one for each embedding"),
        ({"voices": np.ones((6, 3))}, ShapeError, "one embedding_dim"),
        ({"faces": np.zeros((6, 16))}, ShapeError, "not zero"),
        ({"oracle": np.zeros((2, 2))}, ShapeError, "oracle"),
        ({"face_clips": ["a"] * 6}, ShapeError, "face_clips, voice_clips"),
        ({"seed": -1}, PinsError, "seed"),
    ],
)
def test_bad_input_is_refused(change, error, message) -> None:
    faces, voices, names = _people(3, 2, noise=0.5)
    arguments = {"faces": faces, "voices": voices, "names": names} | change
    with pytest.raises(error, match=message):
        _evaluate(**arguments)


def test_the_oracle_is_never_below_a_model_that_knows_as_much() -> None:
    """Recall beyond the first place: a list that repeats a person wastes places."""
    faces, voices, names = _people(30, 4, noise=1.5)
    truth = np.random.default_rng(1).normal(size=(30, 30)) + np.eye(30)
    person = np.repeat(np.arange(30), 4)
    report = _evaluate(faces, voices, names, oracle=truth[person][:, person])
    recall = report["retrieval"]["face_to_voice"]
    assert recall["recall_at_1"]["oracle"] < recall["recall_at_5"]["oracle"]
    assert recall["recall_at_5"]["oracle"] < recall["recall_at_10"]["oracle"]
