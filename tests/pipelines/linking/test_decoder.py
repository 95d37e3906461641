"""The decoder on made conversations whose truth is known."""

from dataclasses import fields, replace

import numpy as np
import pytest
from made_evidence import (
    DIM,
    PARAMETERS,
    agreement,
    hear,
    know,
    see,
    speak,
    take_turns,
)

from pins_plugin.pipelines.linking import blocks
from pins_plugin.pipelines.linking.decoder import Decoded, Decoder
from pins_plugin.pipelines.linking.potentials import Evidence, soften


def decode(evidence: Evidence, **changes: float) -> Decoded:
    return Decoder(replace(PARAMETERS, **changes), evidence).decode()


def by_sight(truth: np.ndarray, num_faces: int) -> np.ndarray:
    """Log-likelihood ratios of mouths that talk when their people do."""
    return np.where(truth[:, :num_faces], 1.5, -1.5)


def test_two_faces_with_clear_lips_get_their_voices() -> None:
    truth = speak(take_turns(24, 2, [0, 1]), 24, 2)
    found = decode(know(hear(truth), see(truth, 2)))
    assert agreement(found.said, truth) > 0.98
    assert not found.said[:, 2:].any()
    assert (found.readable > 0.95).all()
    np.testing.assert_allclose(found.speaking[:, :2], truth, atol=0.5)
    assert found.speaking.min() >= 0 and found.speaking.max() <= 1 + 1e-9


def test_probabilities_are_of_at_most_two_at_once() -> None:
    truth = speak(take_turns(12, 2, [0, 1, 2]), 12, 3)
    found = decode(know(hear(truth), see(truth, 3)))
    assert found.speaking.sum(axis=1).max() <= 2 + 1e-9
    assert found.said.sum(axis=1).max() <= 2


@pytest.mark.parametrize("offset", [-6, 0, 9])
def test_late_sound_is_found_for_each_face(offset: int) -> None:
    truth = speak(take_turns(24, 2, [0, 1]), 24, 2)
    found = decode(know(hear(truth), see(truth, 2, offset=offset)))
    assert found.offsets.tolist() == [offset, offset]
    assert found.common_offset() == pytest.approx(offset / 25)
    assert agreement(found.said, truth) > 0.98


def test_a_voice_over_is_not_the_talking_faces() -> None:
    """The face speaks in every second turn, and its mouth moves in the others too."""
    truth = speak(take_turns(32, 2, [0, 1]), 32, 2)
    talking = np.full((len(truth), 1), 1.5)
    found = decode(know(hear(truth), see(truth, 1, strength=3.0, talking=talking)))
    over = truth[:, 1]
    assert found.said[~over, 0].mean() > 0.95
    assert found.said[over, 0].mean() < 0.05
    assert found.said[over, 1:].any(axis=1).mean() > 0.95


def test_dubbed_lips_cost_nothing() -> None:
    truth = speak([(1.0, 9.0, 0), (11.0, 19.0, 0)], 20, 1)
    talking = by_sight(truth, 1)
    dubbed = see(truth, 1, strength=0.0, talking=talking)
    found = decode(know(hear(truth), dubbed))
    without = decode(know(hear(truth), see(truth, 1, talking=talking, blind=True)))
    assert agreement(found.said, truth) > 0.98
    np.testing.assert_array_equal(found.said, without.said)
    assert found.readable[0] < 0.3
    assert found.unreadable(dubbed, 0.3, 3.0) == ["P0"]
    assert found.unreadable(dubbed, 0.3, 30.0) == []  # who speaks so little is not spoken of
    assert found.common_offset() == 0.0


def test_a_photograph_under_a_voice_does_not_speak() -> None:
    """A face whose mouth never moves: where mouths that tell nothing would rest as much (`mouthing`), it would be linked."""
    truth = speak([(1.0, 9.0, 0)], 10, 1)
    still = see(truth, 1, talking=np.full((len(truth), 1), -6.0), blind=True)
    found = decode(know(hear(truth), still), mouthing=1.0)
    assert not found.said[:, 0].any() and found.said[10:90].any(axis=1).mean() > 0.98
    assert decode(know(hear(truth), still), mouthing=-9.0).said[10:90, 0].mean() > 0.98


def test_a_silent_listener_is_told_by_sight() -> None:
    truth = speak([(1.0, 5.0, 1), (6.0, 11.0, 1), (12.0, 15.0, 1)], 16, 2)
    talking = by_sight(truth, 2)
    found = decode(know(hear(truth), see(truth, 2, talking=talking, blind=True)))
    assert agreement(found.said, truth) > 0.98
    turned = decode(know(hear(truth), see(truth, 2, talking=talking[:, ::-1], blind=True)))
    assert turned.said[truth[:, 1], 0].mean() > 0.98  # and it is sight that told


def test_two_at_once() -> None:
    turns = [(0.0, 6.0, 0), (4.0, 10.0, 1), (11.0, 14.0, 0), (15.0, 19.0, 1), (17.0, 20.0, 0)]
    truth = speak(turns, 20, 2)
    found = decode(know(hear(truth), see(truth, 2, talking=by_sight(truth, 2))))
    both = truth.all(axis=1)
    assert both.sum() == 40
    assert found.said[both][:, :2].all(axis=1).mean() > 0.9
    assert agreement(found.said, truth) > 0.97


def test_a_face_and_somebody_unseen_at_once() -> None:
    turns = [(0.0, 4.0, 0), (5.0, 9.0, 1), (10.0, 16.0, 0), (13.0, 16.0, 1), (17.0, 20.0, 1)]
    truth = speak(turns, 20, 2)
    found = decode(know(hear(truth), see(truth, 1, talking=by_sight(truth, 1))))
    both = truth.all(axis=1)
    assert found.said[both, 0].mean() > 0.9
    assert found.said[both, 1:].any(axis=1).mean() > 0.9


def test_a_face_keeps_its_voice_out_of_the_picture() -> None:
    """Shown for the first half; heard in both."""
    truth = speak(take_turns(32, 2, [0, 1]), 32, 2)
    visible = np.ones((len(truth), 2), bool)
    visible[160:, 0] = False
    found = decode(know(hear(truth), see(truth, 2, visible=visible)))
    later = truth[160:]
    assert found.said[160:][later[:, 0], 0].mean() > 0.95
    assert found.said[160:][later[:, 0], 1].mean() < 0.05


def _undecided() -> tuple[np.ndarray, Evidence]:
    """Two voices take turns over two faces of which nothing else is known."""
    truth = speak(take_turns(24, 2, [0, 1]), 24, 2)
    return truth, know(hear(truth), see(truth, 2, blind=True))


@pytest.mark.parametrize("face", [0, 1])
def test_what_a_reviewer_settles_bears_on_the_rest(face: int) -> None:
    truth, evidence = _undecided()
    held = dict.fromkeys(range(20), frozenset({face}))
    held |= dict.fromkeys(range(20, 40), frozenset({1 - face}))
    found = decode(replace(evidence, held=held))
    expected = truth if face == 0 else truth[:, ::-1]
    assert agreement(found.said[:40], expected[:40]) == 1.0
    assert agreement(found.said[40:], expected[40:]) > 0.95


def test_settled_as_nobodys_face() -> None:
    _, evidence = _undecided()
    found = decode(replace(evidence, held=dict.fromkeys(range(20), frozenset())))
    assert not found.said[:20, :2].any() and found.said[:20, 2:].any(axis=1).all()


def test_labels_that_were_given_stand_for_voices() -> None:
    """All sound alike; lips are seen in the first half alone."""
    truth = speak(take_turns(32, 2, [0, 1]), 32, 2)
    hearing = hear(truth, voice_of=[0, 0])
    seeing = see(truth, 2)
    for fits in seeing.fits:
        fits[160:] = np.nan
    middles = (hearing.stretches.mean(axis=1) * 10).astype(int)
    labels = truth[middles].argmax(axis=1)
    found = decode(know(hearing, seeing, labels=labels), label_trust=3.0)
    assert agreement(found.said[160:], truth[160:]) > 0.95
    blank = decode(know(hearing, seeing, labels=np.zeros_like(labels)), label_trust=3.0)
    assert agreement(blank.said[160:], truth[160:]) < 0.8  # nothing else would tell


@pytest.mark.parametrize("face", [0, 1])
def test_a_voice_that_is_known_beforehand_finds_its_face(face: int) -> None:
    truth, evidence = _undecided()
    hearing = evidence.hearing
    middles = (hearing.stretches.mean(axis=1) * 10).astype(int)
    mine = truth[middles, 0]
    enrolled = {face: hearing.voices[mine].mean(axis=0)}
    enrolled[1 - face] = hearing.voices[~mine].mean(axis=0)
    found = decode(replace(evidence, enrolled=enrolled))
    assert agreement(found.said, truth if face == 0 else truth[:, ::-1]) > 0.95


def test_voices_known_beforehand_where_nobody_speaks() -> None:
    """What came back for no stretches, (0, 1), was taken for the size of the voices."""
    quiet = hear(speak([], 3, 2))
    evidence = know(replace(quiet, voices=np.zeros((0, 1))), see(speak([], 3, 2), 2))
    found = decode(replace(evidence, enrolled={0: np.ones(DIM)}))
    assert not found.said.any() and found.speaking.max() < 0.1


@pytest.mark.parametrize("swapped", [False, True])
def test_the_voice_as_the_face_looks(swapped: bool) -> None:
    truth, evidence = _undecided()
    middles = (evidence.hearing.stretches.mean(axis=1) * 10).astype(int)
    mine = truth[middles, 0]

    def joint(groups: np.ndarray) -> np.ndarray:
        ratios = np.zeros((groups.max() + 1, 2))
        for group in range(len(ratios)):
            first = mine[groups == group].mean() > 0.5
            ratios[group] = [4.0, -4.0] if first != swapped else [-4.0, 4.0]
        return ratios

    found = decode(replace(evidence, joint=joint))
    assert agreement(found.said, truth[:, ::-1] if swapped else truth) > 0.95
    share = np.abs(found.joint[:, :2]).sum(axis=0)
    assert share.min() > 1.0 and not found.joint[:, 2:].any()
    assert decode(evidence).joint is None


def test_evidence_of_others_decides_where_nothing_else_does() -> None:
    truth = speak([(1.0, 5.0, 1), (6.0, 11.0, 1)], 12, 2)
    seeing = see(truth, 2, blind=True)
    seeing = replace(seeing, others={"plugin": np.where(truth, 0.5, -0.5)})
    assert agreement(decode(know(hear(truth), seeing)).said, truth) > 0.98


def test_no_faces_at_all() -> None:
    truth = speak(take_turns(24, 3, [0, 1]), 24, 2)
    found = decode(know(hear(truth), see(truth, 0)))
    assert found.said.any(axis=1).all()
    who = found.said.argmax(axis=1)
    assert len(set(who[truth[:, 0]])) == len(set(who[truth[:, 1]])) == 1
    assert who[truth[:, 0]][0] != who[truth[:, 1]][0]
    assert found.offsets.shape == found.readable.shape == (0,)
    assert found.common_offset() == 0.0


def test_silence_is_nobodys() -> None:
    truth = np.zeros((60, 2), bool)
    found = decode(know(hear(truth), see(truth, 2)))
    assert not found.said.any() and found.speaking.max() < 0.1


def test_the_same_again_is_the_same() -> None:
    truth = speak(take_turns(16, 2, [0, 1, 2]), 16, 3)
    first, second = (decode(know(hear(truth), see(truth, 2))) for _ in range(2))
    for each in ("speaking", "said", "shares", "ratios", "offsets", "readable"):
        np.testing.assert_array_equal(getattr(first, each), getattr(second, each))
    assert first.evidence == second.evidence
    assert {each.name for each in fields(Decoded)} >= {"speaking", "said", "features"}


def test_people_in_another_order_are_the_same_people() -> None:
    truth = speak(take_turns(16, 2, [0, 1]), 16, 2)
    hearing, seeing = hear(truth), see(truth, 2, talking=by_sight(truth, 2))
    turned = replace(seeing, talking=seeing.talking[:, ::-1], fits=seeing.fits[::-1])
    first, second = decode(know(hearing, seeing)), decode(know(hearing, turned))
    np.testing.assert_allclose(first.speaking[:, :2], second.speaking[:, 1::-1], atol=1e-6)


def test_a_long_file_in_blocks_is_about_what_it_is_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = [(2.0 * n + 0.3, 2.0 * n + 2.0, n % 2) for n in range(15)]
    truth = speak(turns, 30, 2)
    evidence = know(hear(truth), see(truth, 2))
    whole = decode(evidence)
    monkeypatch.setattr(blocks, "MAX_STEPS", 120)
    monkeypatch.setattr(blocks, "LEEWAY", 40)
    assert len(Decoder(PARAMETERS, evidence).blocks) > 2
    parts = decode(evidence)
    assert (parts.said == whole.said).mean() > 0.99
    np.testing.assert_allclose(parts.speaking, whole.speaking, atol=0.1)


def test_a_judge_who_errs_is_never_quite_sure() -> None:
    ratios = soften(np.array([-80.0, -0.5, 0.0, 0.5, 80.0]), 0.2)
    np.testing.assert_allclose(ratios[[0, 4]], [-np.log(4), np.log(4)])
    np.testing.assert_allclose(ratios, -ratios[::-1], atol=1e-12)
    assert (np.diff(ratios) > 0).all()
