"""Labeled lips: labels from speech, bridges over gaps, and what batches are made of."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pins_plugin.data.training.talking_clips import (
    RESTS,
    TALKS,
    UNKNOWN,
    TalkingBatches,
    TalkingClip,
    bridge,
    label_frames,
    load_talking_clip,
    save_talking_clip,
)
from pins_plugin.errors import PinsError


def make_clip(labels: list[int], name: str = "c", person: str = "p") -> TalkingClip:
    """Lips whose first coordinate tells the label."""
    lips = np.zeros((len(labels), 88, 2), np.float32)
    lips[:, 0, 0] = labels
    return TalkingClip(name, person, lips, np.array(labels, np.int8))


def test_labels_keep_their_distance_from_speech() -> None:
    times = np.array([0.0, 0.75, 0.85, 1.0, 1.04, 1.5, 1.97, 2.1, 2.3])
    labels = label_frames(times, [(1.0, 2.0)], inside=0.03, away=0.2)
    assert labels.tolist() == [0, 0, -1, -1, 1, 1, 1, -1, 0]


def test_speech_beside_other_speech_is_talk() -> None:
    times = np.arange(0, 3, 0.1)
    labels = label_frames(times, [(0.0, 1.0), (1.1, 3.0)])
    assert (labels[times < 1.0] == TALKS).all()
    assert not (labels == RESTS).any()


def test_bridge_is_linear_and_holds_the_ends() -> None:
    lips = np.zeros((7, 88, 2), np.float32)
    lips += np.arange(7, dtype=np.float32)[:, None, None]
    broken = lips.copy()
    broken[[0, 3, 4, 6]] = np.nan
    bridged, seen = bridge(broken)
    assert seen.tolist() == [False, True, True, False, False, True, False]
    np.testing.assert_allclose(bridged[:, 0, 0], [1, 1, 2, 3, 4, 5, 5])


@pytest.mark.parametrize("kept", [[], [2]])
def test_bridge_of_hardly_anything_is_finite(kept: list[int]) -> None:
    lips = np.full((5, 88, 2), np.nan, np.float32)
    lips[kept] = 3.0
    bridged, seen = bridge(lips)
    assert np.isfinite(bridged).all()
    assert np.flatnonzero(seen).tolist() == kept
    assert (bridged == (3.0 if kept else 0.0)).all()


def test_clips_are_saved_and_read(tmp_path: Path) -> None:
    clip = make_clip([1, 0, -1])
    save_talking_clip(tmp_path / "c.npz", clip)
    again = load_talking_clip(tmp_path / "c.npz")
    assert (again.name, again.person) == ("c", "p")
    np.testing.assert_array_equal(again.lips, clip.lips)
    np.testing.assert_array_equal(again.talking, clip.talking)
    (tmp_path / "d.npz").write_bytes(b"nothing")
    with pytest.raises(PinsError, match="expected a clip"):
        load_talking_clip(tmp_path / "d.npz")


def test_labels_follow_the_frames() -> None:
    """Whatever is looped or reversed: a frame's label is that of the frame that is shown."""
    clips = [make_clip([TALKS] * 60 + [RESTS] * 20), make_clip([RESTS] * 30, "d", "q")]
    batches = TalkingBatches(clips, 40, 16, 4, augmentation=0, looped=0.4, slowed=0.0)
    for lips, seen, talking in batches:
        assert lips.shape == (16, 40, 88, 2) and seen.shape == talking.shape == (16, 40)
        assert (seen == 1).all()
        sure = (lips[..., 0, 0] < 0.01) | (lips[..., 0, 0] > 0.99)  # not between two frames
        torch.testing.assert_close(lips[..., 0, 0][sure], talking[sure], atol=0.01, rtol=0)
        assert 0.05 < talking.mean() < 0.95


def test_talk_in_slow_motion_is_rest() -> None:
    clips = [make_clip([TALKS] * 40 + [RESTS] * 20)]
    for lips, _, talking in TalkingBatches(clips, 24, 8, 2, augmentation=0, looped=0, slowed=1.0):
        assert (talking == RESTS).all()
        assert (lips[..., 0, 0] == TALKS).all()


def test_seed_and_epoch_determine_what_is_drawn() -> None:
    clips = [make_clip([TALKS] * 60 + [UNKNOWN] * 5 + [RESTS] * 20)]

    def draw(seed: int, epoch: int) -> torch.Tensor:
        batches = TalkingBatches(clips, 20, 4, 1, seed=seed)
        batches.set_epoch(epoch)
        return next(iter(batches)).lips

    assert torch.equal(draw(1, 2), draw(1, 2))
    assert not torch.equal(draw(1, 2), draw(1, 3))
    assert not torch.equal(draw(1, 2), draw(2, 2))


def test_one_kind_only_is_refused() -> None:
    with pytest.raises(PinsError, match="one kind only"):
        TalkingBatches([make_clip([TALKS] * 20)])
