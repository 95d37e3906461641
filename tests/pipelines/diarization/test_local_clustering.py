"""Persons of local speakers: by voice, by shared frames, apart within a window, as many as are asked for."""

import numpy as np
import pytest

from pins_plugin.pipelines.diarization.local_clustering import (
    LinkRules,
    VoiceEvidence,
    cluster_speakers,
    link_windows,
    refine_people,
)
from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, LocalSpeaker
from pins_plugin.pipelines.diarization.voice_scatter import VoiceScatter
from pins_plugin.utils.vectors import unit

SCATTER = VoiceScatter((0.0,) * 8, 1 / 8, 0.001, 0.01)
AXES = np.eye(8)


def _speaker(window: int, speaker: int, first: int, *active: int) -> LocalSpeaker:
    frames = np.array(active, bool)
    return LocalSpeaker(window, speaker, first, frames, frames)


def _voices(*axes: int, noise: float = 0.02) -> VoiceEvidence:
    generator = np.random.default_rng(0)
    embeddings = unit(AXES[list(axes)] + noise * generator.standard_normal((len(axes), 8)))
    return VoiceEvidence.observe(SCATTER, embeddings, np.full(len(axes), 2.0))


def test_voices_alike_are_one_person() -> None:
    found = cluster_speakers(_voices(0, 1, 0, 2, 1), np.zeros((5, 5)), LinkRules())
    assert found.tolist() == [0, 1, 0, 2, 1]


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_number_of_people_may_be_given(number: int) -> None:
    found = cluster_speakers(_voices(0, 1, 0, 2, 1), np.zeros((5, 5)), LinkRules(), number, number)
    assert len(np.unique(found)) == number


def test_local_speakers_of_one_window_stay_apart_however_alike() -> None:
    speakers = [_speaker(0, 0, 0, 1, 0), _speaker(0, 1, 0, 0, 1)]
    found = cluster_speakers(_voices(0, 0), link_windows(speakers, LinkRules()), LinkRules())
    assert found.tolist() == [0, 1]


def test_shared_frames_link_what_has_no_voice() -> None:
    """Windows overlap by three frames: who is active in the same of them is the same person."""
    speakers = [
        _speaker(0, 0, 0, 0, 0, 0, 1, 1, 0), _speaker(0, 1, 0, 0, 0, 0, 0, 0, 1),
        _speaker(1, 0, 3, 0, 0, 1, 1, 1, 1), _speaker(1, 1, 3, 1, 1, 0, 0, 0, 0),
    ]  # fmt: skip
    silent = VoiceEvidence.observe(SCATTER, np.zeros((4, 0)), np.zeros(4))
    rules = LinkRules(person=0.0)
    links = link_windows(speakers, rules)
    assert links[0, 3] == pytest.approx(2 * FRAME_STEP * rules.together)
    assert links[0, 2] == pytest.approx(-3 * FRAME_STEP * rules.apart)
    assert cluster_speakers(silent, links, rules).tolist() == [0, 1, 1, 0]


def test_parts_are_compared_only_where_both_are_judged() -> None:
    one, *_ = _speaker(0, 0, 0, 1, 1, 0, 0, 0, 0).split_at_pauses(FRAME_STEP)
    first, second = _speaker(1, 0, 0, 1, 1, 0, 0, 1, 1).split_at_pauses(2 * FRAME_STEP)
    links = link_windows([one, first, second], LinkRules())
    assert links[0, 1] == pytest.approx(2 * FRAME_STEP * LinkRules.together)
    assert links[0, 2] == pytest.approx(-2 * FRAME_STEP * LinkRules.apart)  # judged, and silent


def test_refinement_puts_right_what_was_merged_too_early_and_loses_nobody() -> None:
    voices, links = _voices(0, 0, 1, 1, 2), np.zeros((5, 5))
    start = np.array([0, 0, 0, 1, 2])
    assert refine_people(start, voices, links, LinkRules()).tolist() == [0, 0, 1, 1, 2]


def test_nobody_is_nobody() -> None:
    voices = VoiceEvidence.observe(SCATTER, np.zeros((0, 0)), np.zeros(0))
    found = cluster_speakers(voices, np.zeros((0, 0)), LinkRules())
    assert found.shape == (0,)
