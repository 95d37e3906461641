"""Borders of turns: found to a frame of the segmentation where the number of speakers changes, left alone elsewhere."""

import numpy as np
import pytest

from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, SPEAKERS, Segmentation
from pins_plugin.pipelines.linking.borders import place_borders
from pins_plugin.pipelines.linking.hearing import STEP


def _heard(seconds: float, *turns: tuple[float, float, int], noise: float = 0.0) -> Segmentation:
    """One window that hears turns (start, end, local speaker), not too surely."""
    heard = Segmentation(np.zeros((1, round(seconds / FRAME_STEP), 7)), np.array([0]), 0)
    times = (np.arange(heard.log_posteriors.shape[1]) + 0.5) * FRAME_STEP + 0.0225
    speaking = np.zeros((len(times), 3), bool)
    for start, end, speaker in turns:
        speaking[:, speaker] |= (times >= start) & (times < end)
    classes = [SPEAKERS.index(tuple(np.flatnonzero(row))) for row in speaking]
    scores = 3 * np.eye(7)[classes] + noise * np.random.default_rng(0).standard_normal(
        (len(times), 7)
    )
    posteriors = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return Segmentation(np.log(posteriors)[None].astype(np.float32), np.array([0]), len(times))


def _said(num_steps: int, *turns: tuple[float, float, int]) -> np.ndarray:
    said = np.zeros((num_steps, 2), bool)
    for start, end, person in turns:
        said[round(start / STEP) : round(end / STEP), person] = True
    return said


TURNS = ((0.73, 2.56, 0), (3.18, 5.04, 0), (4.36, 6.01, 1))


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_borders_are_found_to_a_frame(noise: float) -> None:
    said, true = _said(80, *TURNS), sorted(time for start, end, _ in TURNS for time in (start, end))
    times = place_borders(said, _heard(8.0, *TURNS, noise=noise))
    changed = np.flatnonzero((said[1:] != said[:-1]).any(axis=1)) + 1
    np.testing.assert_allclose(times[changed], true, atol=FRAME_STEP + 1e-6)
    assert np.abs(changed * STEP - true).max() > 2 * FRAME_STEP  # the clock alone is not as near
    kept = np.setdiff1d(np.arange(81), changed)
    np.testing.assert_allclose(times[kept], kept * STEP)


def test_each_border_is_the_likeliest_of_all_within_reach() -> None:
    heard, said = _heard(8.0, *TURNS, noise=2.0), _said(80, *TURNS)
    counts, first = heard.count_log_probs(), heard.times[0] - FRAME_STEP / 2
    times = place_borders(said, heard, reach=0.15)
    step = 7  # somebody begins
    near = [k for k in range(100) if abs(first + k * FRAME_STEP - step * STEP) <= 0.15]
    wide = range(near[0], near[-1])
    sums = [sum(counts[k, int(k >= border)] for k in wide) for border in near]
    assert times[step] == pytest.approx(first + near[int(np.argmax(sums))] * FRAME_STEP)


def test_borders_stay_where_one_follows_the_other_and_in_no_reach() -> None:
    heard = _heard(8.0, (1.0, 3.04, 0), (3.04, 5.0, 1))
    said = _said(80, (1.0, 3.0, 0), (3.0, 5.0, 1))
    times = place_borders(said, heard)
    assert times[30] == pytest.approx(3.0)
    np.testing.assert_allclose(place_borders(said, heard, reach=0.0), np.arange(81) * STEP)
    assert (np.diff(times) >= 0).all()


def test_nothing_heard_moves_nothing() -> None:
    short = Segmentation(np.zeros((1, 589, 7), np.float32), np.array([0]), 1)
    said = _said(30, (0.0, 1.5, 0))  # beyond the last frame
    np.testing.assert_allclose(place_borders(said, short), np.arange(31) * STEP)
