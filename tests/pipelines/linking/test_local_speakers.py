"""Local speakers of the segmentation, named by those whom voices heard."""

import numpy as np
import pytest

from pins_plugin.pipelines.diarization.segmentation import FRAME_STEP, SPEAKERS, Segmentation
from pins_plugin.pipelines.linking.hearing import STEP
from pins_plugin.pipelines.linking.local_speakers import LEAST_SHARE, name_local_speakers


def _heard(seconds: float, *turns: tuple[float, float, int], windows: int = 1) -> Segmentation:
    """Windows over the whole file that hear turns (start, end, local speaker); each counts its speakers its own way."""
    num_frames = round(seconds / FRAME_STEP)
    times = np.arange(num_frames) * FRAME_STEP + 0.03
    posteriors = np.full((windows, num_frames, len(SPEAKERS)), -12.0, np.float32)
    for window in range(windows):
        speaking = np.zeros((num_frames, 3), bool)
        for start, end, speaker in turns:
            speaking[:, (speaker + window) % 3] |= (times >= start) & (times < end)
        classes = [SPEAKERS.index(tuple(np.flatnonzero(row))) for row in speaking]
        posteriors[window, np.arange(num_frames), classes] = 0.0
    return Segmentation(posteriors, np.zeros(windows, np.int64), num_frames)


def _speaking(*turns: tuple[float, float, list[float]]) -> np.ndarray:
    speaking = np.zeros((100, 2))
    for start, end, people in turns:
        speaking[round(start / STEP) : round(end / STEP)] = people
    return speaking


@pytest.mark.parametrize("windows", [1, 3])
def test_a_local_speaker_is_whom_it_meets_most(windows: int) -> None:
    heard = _heard(10.0, (0, 4, 0), (4, 8, 1), (9, 9.5, 0), windows=windows)
    known = _speaking((0, 4, [0.9, 0.1]), (4, 8, [0.0, 1.0]), (9, 9.5, [0.0, 1.0]))
    shares = np.exp(name_local_speakers(heard, known))
    # local speaker 0 is person 0 in 3.6 s, person 1 in 0.9 s, and anybody in 0.17 s
    assert shares[93, 0] == pytest.approx((3.6 + 0.17 * 3.6 / 8.5) / 4.67, abs=0.01)
    assert shares[60] == pytest.approx([LEAST_SHARE, 1.0], abs=0.03)
    np.testing.assert_allclose(shares[82:88], LEAST_SHARE, atol=0.01)  # nobody


def test_of_two_at_once_both_are_named() -> None:
    heard = _heard(10.0, (0, 6, 0), (5, 10, 1))
    known = _speaking((0, 5, [1.0, 0.0]), (5, 6, [1.0, 0.0]), (6, 10, [0.0, 1.0]))
    shares = np.exp(name_local_speakers(heard, known))
    assert (shares[52:58] > 0.9).all()
    assert shares[30, 1] == pytest.approx(LEAST_SHARE, abs=0.03)


def test_where_nobody_is_known_nothing_is_said() -> None:
    shares = name_local_speakers(_heard(10.0, (0, 6, 0)), np.zeros((100, 2)))
    np.testing.assert_allclose(shares[1:-1], np.log(LEAST_SHARE))
