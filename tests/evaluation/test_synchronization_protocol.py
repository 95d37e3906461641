"""The offset protocol on features whose offset is known."""

import numpy as np
import pytest
import torch

from pins_plugin.evaluation.synchronization import (
    CHANCE,
    accuracy_by_person,
    energy_baseline,
    offset_accuracy,
)


def unit_features(num_frames: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(num_frames, 16, generator=generator), dim=-1)


@pytest.mark.parametrize(("late", "share"), [(0, 1.0), (1, 1.0), (2, 0.0), (-1, 1.0), (-5, 0.0)])
def test_one_frame_is_right_two_are_wrong(late: int, share: float) -> None:
    features = unit_features(100, 0)
    right = offset_accuracy(features, features.roll(late, dims=0), (15, 50))
    assert right[15][4:-4].mean() == share
    assert right[50].mean() == share


def test_unrelated_features_are_right_by_chance() -> None:
    right = offset_accuracy(unit_features(4000, 1), unit_features(4000, 2), (15,), stride=15)
    assert right[15].mean() == pytest.approx(CHANCE, abs=0.05)


def test_windows_longer_than_the_clip_are_left_out() -> None:
    features = unit_features(30, 0)
    assert set(offset_accuracy(features, features)) == {15, 25}


def test_accuracy_by_person_pools_clips() -> None:
    features = unit_features(60, 0)
    clips = [
        ("a", features, features),
        ("a", features, features.roll(9, dims=0)),
        ("b", features, features),
    ]
    found = accuracy_by_person(clips)
    assert found["a"][50] == (0.5, 6)
    assert found["b"][50] == (1.0, 3)


def test_energy_baseline_fits_a_mouth_that_opens_when_it_is_loud() -> None:
    generator = np.random.default_rng(0)
    opening = np.convolve(generator.random(80), np.ones(3) / 3, "same").astype(np.float32)
    lips = np.zeros((80, 88, 2), np.float32)
    lips[:, 23:28, 1] = opening[:, None]
    spectrogram = torch.as_tensor(opening).repeat_interleave(4).expand(40, -1)
    features = energy_baseline(lips, spectrogram)
    assert offset_accuracy(*features, (50,))[50].all()
