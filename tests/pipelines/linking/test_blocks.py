"""Long files are cut where nobody speaks, and a block holds those who may speak in it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from made_evidence import PARAMETERS, hear, know, see, speak, take_turns

from pins_plugin.pipelines.linking import blocks
from pins_plugin.pipelines.linking.blocks import LEEWAY, MAX_STEPS, cut_blocks, make_block
from pins_plugin.pipelines.linking.decoder import Decoder
from pins_plugin.pipelines.linking.potentials import node_features


def test_a_long_file_is_cut_in_its_pauses() -> None:
    nobody = np.full(2400, -5.0)
    pauses = [MAX_STEPS - 20, MAX_STEPS - 20 + MAX_STEPS - LEEWAY + 7]
    nobody[pauses] = 0.0
    found = cut_blocks(nobody)
    assert [each.start for each in found] == [0, *pauses]
    assert found[-1].stop == 2400


@pytest.mark.parametrize("number", [1, MAX_STEPS, MAX_STEPS + 1, 5000])
def test_blocks_cover_a_file_once(number: int) -> None:
    found = cut_blocks(np.random.default_rng(0).standard_normal(number))
    assert found[0].start == 0 and found[-1].stop == number
    assert all(a.stop == b.start for a, b in pairwise(found))
    assert all(0 < each.stop - each.start <= MAX_STEPS for each in found)


def _features(seconds: float = 8):
    truth = speak(take_turns(seconds, 2, [0, 1]), seconds, 3)
    visible = np.ones((len(truth), 3), bool)
    visible[:, 2] = False
    decoder = Decoder(PARAMETERS, know(hear(truth), see(truth, 3, visible=visible)))
    number = decoder.num_people
    beliefs = decoder._read_lips(np.zeros((len(truth), 3)))
    ratios = np.zeros((len(decoder.voices), number))
    return decoder, decoder._features(decoder.seeing, beliefs, np.ones(3), ratios)


def test_who_is_neither_shown_nor_heard_is_not_in_the_block() -> None:
    decoder, features = _features()
    block = make_block(decoder.known, PARAMETERS, features, slice(0, 80))
    assert block.people.tolist() == [0, 1, decoder.unknown]
    assert block.scores.shape == (80, len(block.states.members))
    assert np.isfinite(block.scores).all()


def test_a_voice_that_fits_brings_a_face_that_is_not_shown() -> None:
    decoder, features = _features()
    features.voices[:, 2] = 1.0
    assert 2 in make_block(decoder.known, PARAMETERS, features, slice(0, 80)).people
    assert (
        2 not in make_block(decoder.known, PARAMETERS, features, slice(0, 80), by_sight=True).people
    )


def test_a_crowd_is_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder, features = _features()
    features.voices[:] = 1.0
    monkeypatch.setattr(blocks, "MAX_PEOPLE", 3)
    found = make_block(decoder.known, PARAMETERS, features, slice(0, 80)).people.tolist()
    assert len(found) == 3 and {0, 1, decoder.unknown} == set(found)


def test_weights_are_weights_of_features() -> None:
    """Scores are linear in the parameters, by the names under which features are kept."""
    decoder, features = _features()
    block = make_block(decoder.known, PARAMETERS, features, slice(0, 80))
    features = features.take(slice(0, 80), block.people)
    nodes = node_features(features, block.states)
    begins = features.entry @ block.states.members.T
    scores = nodes["voice"] + sum(
        getattr(PARAMETERS, name) * values for name, values in nodes.items() if name != "voice"
    )
    shifts = features.shifts[:, None]
    np.testing.assert_allclose(block.scores, scores + np.where(shifts, begins, 0.0))
    np.testing.assert_allclose(block.entries, np.where(shifts, 0.0, begins))


def test_held_steps_leave_only_what_the_reviewer_said() -> None:
    decoder, features = _features()
    known = replace(decoder.known, held={0: frozenset({1}), 1: frozenset()})
    block = make_block(known, PARAMETERS, features, slice(0, 80))
    members = block.states.members
    possible = block.scores[:2] > blocks.IMPOSSIBLE / 2
    place = block.people.tolist()
    assert members[possible[0], place.index(1)].all()
    away = members[possible[1]]
    assert away.any(axis=1).all() and not away[:, [place.index(0), place.index(1)]].any()
    assert (block.scores[2:] > blocks.IMPOSSIBLE / 2).all()
