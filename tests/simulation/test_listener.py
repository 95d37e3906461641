"""Mouths that do not speak: in range, smooth, and not all at rest."""

import numpy as np

from pins_plugin.simulation.clip import plan_clip, render_faces
from pins_plugin.simulation.listener import JAW, OPENING, WIDTH, listener_track


def test_acts_are_smooth_and_in_range() -> None:
    times = np.arange(0, 60, 0.04)
    mouths = listener_track(times, np.random.default_rng(0))
    assert mouths.shape == (1500, 7)
    others = np.delete(mouths, WIDTH, axis=1)
    assert others.min() >= 0 and others.max() <= 1 and np.abs(mouths[:, WIDTH]).max() <= 1
    assert np.abs(np.diff(mouths, axis=0)).max() < 0.45
    assert mouths[:, WIDTH].max() > 0.2  # smiles
    assert mouths[:, JAW].max() > 0.15  # chews or yawns
    assert np.median(mouths[:, OPENING]) < 0.2  # mostly shut


def test_listeners_differ_and_repeat() -> None:
    times = np.arange(0, 4, 0.04)
    first, again, other = (listener_track(times, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    assert listener_track(times[:0], np.random.default_rng(0)).shape == (0, 7)


def test_faces_show_the_mouths_that_are_given() -> None:
    plan = plan_clip(0, 0, 0, 1)
    times = np.array([0.2, 0.24])
    shut, wide = np.zeros((2, 7)), np.zeros((2, 7))
    wide[:, :2] = 1.0
    faces = [render_faces(plan, times, 64, mouths=mouths) for mouths in (shut, wide)]
    changed = np.abs(faces[0].astype(int) - faces[1]).sum(axis=(0, 3))
    assert changed[36:].sum() > 4 * changed[:32].sum()  # below the eyes
