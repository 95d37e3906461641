"""Learning on made conversations: what is right scores, a bad parameter is mended, probabilities are made to hold."""

from dataclasses import replace

import numpy as np
import pytest
from made_evidence import PARAMETERS, hear, know, see, speak, take_turns
from scipy.special import expit, logit

from pins_plugin.pipelines.active_speaker.synchrony import TrackCurves
from pins_plugin.pipelines.linking.decoder import Decoder
from pins_plugin.pipelines.linking.learning import (
    RIGHT,
    SURE,
    LearningScene,
    fit_confidence,
    fit_offsets,
    judge,
    score,
    search,
    weaken_lips,
)
from pins_plugin.pipelines.linking.read_out import confidence_features
from pins_plugin.types import SpeakerFaceLink


@pytest.fixture(scope="module")
def scene() -> LearningScene:
    """Two who take turns, both in the picture."""
    truth = speak(take_turns(12.0, 2.0, [0, 1]), 12.0, 2)
    seeing = see(truth, num_faces=2)
    owners = np.where(seeing.visible, np.arange(2), -1)
    edges = np.zeros(len(truth), bool)
    return LearningScene(
        "turns", know(hear(truth), seeing), truth, np.ones_like(truth), owners, edges
    )


def test_what_is_right_scores_and_silence_does_not(scene: LearningScene) -> None:
    decoded = Decoder(PARAMETERS, scene.evidence).decode()
    silent = replace(
        decoded, speaking=np.zeros_like(decoded.speaking), said=np.zeros_like(decoded.said)
    )
    other = replace(scene, owners=1 - scene.owners)  # each face is the other's
    assert judge(scene, decoded) > 0.9
    assert judge(scene, silent) < 0.1
    assert judge(other, decoded) < 0.1


def test_a_parameter_that_spoils_everything_is_mended(scene: LearningScene) -> None:
    spoilt = replace(PARAMETERS, one=PARAMETERS.one - 4.0, counts=0.3)  # hardly anybody speaks
    assert score([scene], search([scene], spoilt, sweeps=1)) > score([scene], spoilt) + 0.1


def test_probabilities_are_made_to_hold() -> None:
    generator = np.random.default_rng(0)
    shown, together = generator.integers(2, size=(2, 8000)).astype(float)
    features = np.column_stack(
        [np.ones(8000), np.full(8000, np.log(0.999 / 0.001)), shown, together]
    )
    share = 0.6 + 0.3 * shown - 0.2 * together
    one_group = np.zeros(8000, int), np.zeros(8000, bool)
    weights = fit_confidence(features, generator.random(8000) < share, *one_group)
    for row in np.unique(features, axis=0):
        right = 0.6 + 0.3 * row[2] - 0.2 * row[3]
        assert expit(row @ np.array(weights)) == pytest.approx(right, abs=0.05)


def test_confidence_is_weighed_from_who_is_shown_and_who_speaks_as_well() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    links = [
        SpeakerFaceLink(0.0, 2.0, "A", "PERSON_01", box, 0.5, "on screen"),
        SpeakerFaceLink(1.5, 3.0, "B", None, None, 1.0, "off screen"),
    ]
    assert confidence_features(links) == pytest.approx(
        np.array([[1, 0, 1, 0.25], [1, np.log((1 - 1e-4) / 1e-4), 0, 1 / 3]])
    )


def test_confidence_doubts_for_the_people_it_fits_least() -> None:
    """Of two groups one is right less often than its probabilities say; weakened scenes are not judged."""
    generator = np.random.default_rng(0)
    values = generator.normal(2.5, 1.5, 20000)
    groups = np.arange(20000) % 2
    right = generator.random(20000) < expit(values - 0.8 * groups)
    features = np.column_stack([np.ones(20000), values, np.zeros((20000, 2))])
    none = np.zeros(20000, bool)
    plain = fit_confidence(features, right, np.zeros(20000, int), none)
    weights = fit_confidence(features, right, groups, none)
    assert weights[1:] == plain[1:] and weights[0] < plain[0]
    sure = [(features @ np.array(each) > logit(SURE)) & (groups == 1) for each in (plain, weights)]
    assert right[sure[0]].mean() < RIGHT - 0.005 < RIGHT - 0.002 < right[sure[1]].mean()
    spoilt = np.where(np.arange(20000) < 4000, False, right)
    weakened = np.arange(20000) < 4000
    assert (
        fit_confidence(features, spoilt, groups, none)[0]
        < fit_confidence(features, spoilt, groups, weakened)[0] - 0.5
    )


def test_weakened_lips_tell_less_and_are_as_noisy() -> None:
    generator = np.random.default_rng(0)
    similarities = generator.normal(0.0, 0.1, (400, 35)).astype(np.float32)
    similarities[:, 17] += 0.5 * (np.arange(400) % 100 < 50)  # speaks, rests
    before = TrackCurves(np.arange(400) / 25, similarities)
    after = weaken_lips(before, generator)
    speaks = np.arange(400) % 100 < 50
    clear, left = (
        each.similarities[speaks, 17].mean() - each.similarities[~speaks, 17].mean()
        for each in (before, after)
    )
    assert left < 0.9 * clear
    assert after.similarities[:, 0].std() == pytest.approx(0.1, rel=0.15)
    assert weaken_lips(TrackCurves(np.zeros(2), similarities[:2]), generator).times.tolist() == [0, 0]  # fmt: skip


def test_offsets_of_footage_that_is_nearly_in_sync_and_of_some_that_is_not() -> None:
    generator = np.random.default_rng(0)
    near = np.round(generator.normal(2.0, 1.5, 300))
    far = generator.integers(-17, 18, 100)
    center, spread, free = fit_offsets(np.concatenate([near, far]).astype(float))
    assert (center, spread, free) == pytest.approx((2.0, 1.5, 0.25), abs=0.35)
