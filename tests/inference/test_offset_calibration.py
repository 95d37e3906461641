"""What the offset of a file is worth: learnt on some made people, true of others."""

import numpy as np
import pytest
import torch
from torch import nn

from pins_plugin.data.training.sync_clips import SyncClip
from pins_plugin.inference.offset_calibration import (
    fit_file_calibration,
    look_at,
    make_files,
    summarize,
)
from pins_plugin.inference.offset_posterior import OffsetCalibration
from pins_plugin.inference.synchronizer import Synchronizer


class HiddenLips(nn.Module):
    def forward(self, lips: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(lips[:, :, :8, 0] + 1e-6, dim=-1)


class HiddenSound(nn.Module):
    sample_rate = 16000

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        frames = waveforms[:, : waveforms.shape[1] // 640 * 640].reshape(len(waveforms), -1, 640)
        return nn.functional.normalize(frames[:, :, :8] + 1e-6, dim=-1)


def _clips(first: int, number: int = 6) -> list[SyncClip]:
    """Lips that follow the sound only roughly."""
    made = []
    for index in range(first, first + number):
        generator = np.random.default_rng(index)
        code = generator.normal(size=(150, 8)).astype(np.float32)
        lips = np.zeros((150, 88, 2), np.float32)
        lips[:, :8, 0] = 0.3 * code + generator.normal(size=(150, 8))
        sound = np.zeros((150, 640), np.float32)
        sound[:, :8] = code
        made.append(SyncClip(f"c{index}", f"p{index}", lips, np.zeros((150, 1, 1), np.uint8), sound.ravel()))  # fmt: skip
    return made


@pytest.fixture(scope="module")
def synchronizer() -> Synchronizer:
    return Synchronizer(HiddenLips(), HiddenSound(), [0, 0, 0], [0, 0, 0, 0])


def test_what_is_learnt_holds_for_others(synchronizer: Synchronizer) -> None:
    start = OffsetCalibration(least=0.8)
    learnt = fit_file_calibration(look_at(make_files(synchronizer, _clips(0)), start), start)
    assert learnt.right[1] > 0
    cases = look_at(make_files(synchronizer, _clips(100), seed=5), learnt)
    found = summarize(cases, learnt)
    assert found["own"][1] > 0.3
    assert found["own"][2] > 0.95
    assert found["foreign"][1] < 0.2
    assert found["foreign"][3] > found["own"][3]


def test_made_files_hold_the_offset_that_they_say(synchronizer: Synchronizer) -> None:
    """With lips that tell all, every file of own sound is found out, at edges too."""
    clips = _clips(0, 3)
    for clip in clips:
        clip.lips[:, :8, 0] = clip.waveform.reshape(-1, 640)[:, :8]
    cases = look_at(make_files(synchronizer, clips, listeners=False), OffsetCalibration())
    assert all(case.right for case in cases if case.own)
    assert not any(case.right for case in cases if not case.own)
