"""Windows of talking and resting mouths, and how well scores tell them apart."""

import numpy as np
import pytest

from pins_plugin.data.training.talking_clips import TalkingClip
from pins_plugin.evaluation.visual_voice_activity import (
    labeled_windows,
    motion_energy,
    mouth_opening,
    score_windows,
    shares_right,
    talking_auc,
)


def make_clip(labels: list[int], person: str = "p") -> TalkingClip:
    return TalkingClip(
        "c", person, np.zeros((len(labels), 88, 2), np.float32), np.array(labels, np.int8)
    )


def test_windows_have_one_label_and_are_seen() -> None:
    clip = make_clip([1] * 20 + [-1] + [0] * 17)
    assert [window.start for window in labeled_windows(clip)] == [0, 4, 24]
    clip.lips[24:32] = np.nan
    assert [window.start for window in labeled_windows(clip)] == [0, 4]


def test_auc_of_known_scores() -> None:
    clips = [make_clip([1] * 13 + [0] * 3, "a"), make_clip([0] * 17, "b"), make_clip([1] * 13, "c")]
    windows = score_windows(clips, [np.full(16, 2.0), np.full(17, 1.0), np.full(13, 0.0)])
    assert windows.people == ("a", "b", "b", "c")
    assert windows.talking.tolist() == [True, False, False, True]
    auc, (low, high) = talking_auc(windows, np.random.default_rng(0))
    assert auc == 0.5
    assert (low, high) == (0.0, 1.0)  # of three people, one talker alone may be drawn


def test_right_side_of_zero_is_counted_by_person() -> None:
    clips = [make_clip([1] * 17, "a"), make_clip([0] * 13, "b"), make_clip([1] * 13, "c")]
    scores = [np.full(17, 2.0), np.full(13, 1.0), np.full(13, -1.0)]
    assert shares_right(score_windows(clips, scores)) == {True: [1.0, 0.0], False: [0.0]}


def test_spread_is_the_variation_within_a_window() -> None:
    frames = np.tile([0.0, 2.0], 7)[:13]
    windows = score_windows([make_clip([1] * 13)], [frames], spread=True)
    assert windows.scores[0] == pytest.approx(frames.std())


def test_baselines_see_a_mouth_that_opens() -> None:
    clip = make_clip([1] * 3)
    clip.lips[1:, 20:31, 1] = 0.1  # the lower rim drops
    np.testing.assert_allclose(mouth_opening(clip), [0, 0.1, 0.1], atol=1e-6)
    energy = motion_energy(clip)
    assert energy[0] == energy[2] == 0 and energy[1] > 0
    shifted = TalkingClip("c", "p", clip.lips + np.arange(3)[:, None, None], clip.talking)
    np.testing.assert_allclose(motion_energy(shifted), energy, atol=1e-6)
