"""Mouths that move with the loudness, on made signals."""

import numpy as np

from pins_plugin.evaluation.mouth_motion import loudness, motion_score


def test_motion_score_prefers_the_mouth_that_follows_the_sound() -> None:
    generator = np.random.default_rng(1)
    sound = np.convolve(generator.standard_normal(200), np.ones(5) / 5, "same")
    fits = sound[50:150, None] + 0.3 * generator.standard_normal((100, 1))
    moves = np.convolve(generator.standard_normal(100), np.ones(5) / 5, "same")[:, None]
    assert motion_score(fits, sound, 50) > motion_score(moves, sound, 50) + 5
    assert motion_score(fits[:4], sound, 50) == 0.0


def test_loudness_rises_where_the_sound_does() -> None:
    waveform = np.concatenate([np.zeros(16000), np.ones(16000) / 2]).astype(np.float32)
    levels = loudness(waveform, 16000)
    assert len(levels) == 50 and levels[40] > levels[10] + 3
