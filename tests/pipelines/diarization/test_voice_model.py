"""How alike voices are, against the closed form of two Gaussians and on made speakers."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pins_plugin.pipelines.diarization.voice_model import VoiceModel, VoiceScatter

DIM = 64


def _model(dim: int = DIM, session: float = 0.0) -> VoiceModel:
    return VoiceModel(VoiceScatter((0.0,) * dim, 2.0, 0.2, 1.0), session)


def _stretches(speakers: list[int], seconds: float, seed: int = 0) -> np.ndarray:
    """Drawn from the model, in its units: speakers of variance 1."""
    generator = np.random.default_rng(seed)
    centers = generator.standard_normal((max(speakers) + 1, DIM))
    noise = _model().variance(np.array([seconds]))[0]
    return centers[speakers] + np.sqrt(noise) * generator.standard_normal((len(speakers), DIM))


def test_variance_by_hand() -> None:
    np.testing.assert_allclose(_model().variance(np.array([1.0, 2.0, 0.1])), [0.6, 0.35, 2.1])


def test_ratio_is_that_of_two_gaussians() -> None:
    """One dimension, two stretches of one second: one speaker or two."""
    model = _model(1)
    voices = np.array([[0.8], [1.1]])
    found = model.compare(voices, np.ones(2), np.array([[0.0], [1.0]]))[0, 0]
    noise = 0.6
    same = multivariate_normal([0, 0], [[1 + noise, 1], [1, 1 + noise]]).logpdf(voices[:, 0])
    apart = multivariate_normal([0, 0], (1 + noise) * np.eye(2)).logpdf(voices[:, 0])
    assert found == pytest.approx(same - apart)


def test_the_right_person_is_for_and_the_wrong_one_against() -> None:
    speakers = [0, 1] * 6
    shares = np.eye(2)[speakers]
    ratios = _model().compare(_stretches(speakers, 1.0), np.ones(12), shares)
    right = ratios[np.arange(12), speakers]
    wrong = ratios[np.arange(12), 1 - np.array(speakers)]
    assert right.min() > 0 > wrong.max()


def test_a_stretch_does_not_vouch_for_itself() -> None:
    voices = _stretches([0, 1, 1], 1.0)
    ratios = _model().compare(voices, np.ones(3), np.eye(2)[[0, 1, 1]])
    assert ratios[0, 0] == pytest.approx(0.0)  # nobody else is that person
    moved = voices.copy()
    moved[0] *= 3
    assert _model().compare(moved, np.ones(3), np.eye(2)[[0, 1, 1]])[0, 0] == pytest.approx(0.0)


def test_a_voice_known_beforehand_counts() -> None:
    voices = _stretches([0, 1], 1.0)
    enrolled = 5.0 * np.stack([voices[0], np.zeros(DIM)])
    found = _model().compare(voices, np.ones(2), np.zeros((2, 2)), enrolled, np.array([5.0, 0.0]))
    assert found[0, 0] > 5 and found[1, 0] < -5
    np.testing.assert_allclose(found[:, 1], 0.0)


@pytest.mark.parametrize("num_speakers", [1, 2, 4])
def test_speakers_are_told_apart_and_counted(num_speakers: int) -> None:
    speakers = [n % num_speakers for n in range(16)]
    labels = _model().cluster(_stretches(speakers, 1.5), np.full(16, 1.5))
    pairs = {(speaker, label) for speaker, label in zip(speakers, labels.tolist(), strict=True)}
    assert len(pairs) == len(set(labels.tolist())) == num_speakers


def test_merging_ends_where_it_gains_too_little() -> None:
    voices = _stretches([0, 0, 1, 1], 1.5)
    labels = _model().cluster(voices, np.full(4, 1.5), min_gain=1e6)
    assert labels.tolist() == [0, 1, 2, 3]
    assert _model().cluster(np.zeros((0, DIM)), np.zeros(0)).tolist() == []


def test_scaled_embeddings_have_the_length_of_the_model() -> None:
    embeddings = np.random.default_rng(0).standard_normal((3, DIM)) * [[0.1], [1.0], [9.0]]
    seconds = np.array([1.0, 1.0, 2.0])
    scaled = _model().scale(embeddings, seconds)
    expected = DIM * (1 + _model().variance(seconds))
    np.testing.assert_allclose((scaled**2).sum(axis=1), expected)
    np.testing.assert_allclose(scaled[0] / scaled[0, 0], embeddings[0] / embeddings[0, 0])
    assert len(_model().scale(np.zeros((0, DIM)), np.zeros(0))) == 0


def test_what_stretches_share_does_not_average_out() -> None:
    """One dimension: a voice against two others of one person, who share a part of variance 0.3."""
    voices = np.array([[0.8], [1.1], [0.4]])
    found = _model(1, 0.3).compare(voices, np.ones(3), np.array([[0.0], [1.0], [1.0]]))[0, 0]
    noise, mean, spread = 0.6, 0.75, 0.6 / 2 + 0.3  # of the two together
    place = [voices[0, 0], mean]
    same = multivariate_normal([0, 0], [[1 + noise, 1], [1, 1 + spread]]).logpdf(place)
    apart = multivariate_normal([0, 0], np.diag([1 + noise, 1 + spread])).logpdf(place)
    assert found == pytest.approx(same - apart)


def test_one_speaker_in_two_moods_is_one() -> None:
    """Two halves of what a speaker says, each with a deviation of its own that many stretches do not average out."""
    voices = _stretches([0] * 20, 1.5)
    moods = np.sqrt(0.15) * np.random.default_rng(1).standard_normal((2, DIM))
    voices += np.repeat(moods, 10, axis=0)
    assert len(set(_model(session=0.0).cluster(voices, np.full(20, 1.5)).tolist())) > 1
    assert len(set(_model(session=0.2).cluster(voices, np.full(20, 1.5)).tolist())) == 1
