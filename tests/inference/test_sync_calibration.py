"""Calibration: better evidence must mean more confidence, and probabilities must mean what they say."""

import shutil

import numpy as np
import pytest
import torch
from torch import nn

from pins_plugin.data.training.sync_clips import SyncClip
from pins_plugin.inference import sync_calibration as calibration
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.models.folder.model_folder import resolve_source


class ReadLips(nn.Module):
    """Features hidden in the lips."""

    def forward(self, lips: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(lips[:, :, :8, 0] + 1e-6, dim=-1)


class ReadSound(nn.Module):
    """Features hidden in the sound."""

    sample_rate = 16000

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        frames = waveforms[:, : waveforms.shape[1] // 640 * 640].reshape(len(waveforms), -1, 640)
        return nn.functional.normalize(frames[:, :, :8] + 1e-6, dim=-1)


@pytest.fixture(scope="module")
def synchronizer() -> Synchronizer:
    return Synchronizer(ReadLips(), ReadSound(), [0, 0, 0])


@pytest.fixture(scope="module")
def clips() -> list[SyncClip]:
    """Lips that follow the sound only roughly, so that short windows are often wrong."""
    generator = np.random.default_rng(0)
    made = []
    for index in range(6):
        code = generator.normal(size=(90, 8)).astype(np.float32)
        lips = np.zeros((90, 88, 2), np.float32)
        lips[:, :8, 0] = 0.22 * code + generator.normal(size=(90, 8))
        sound = np.zeros((90, 640), np.float32)
        sound[:, :8] = code
        made.append(
            SyncClip(f"c{index}", f"p{index}", lips, np.zeros((90, 1, 1), np.uint8), sound.ravel())
        )
    return made


def test_offset_confidence_means_what_it_says(synchronizer, clips) -> None:
    weights = calibration.fit_offset_weights([(synchronizer, clips)])
    assert weights[1] > 0
    confidence, right = [], []
    for clip in clips:
        for length in calibration.WINDOW_LENGTHS:
            for evidence, is_right in calibration.offset_cases(
                synchronizer, clip, clip.waveform, length
            ):
                confidence.append(1 / (1 + np.exp(-(np.array([1, *evidence]) @ weights))))
                right.append(is_right)
    confidence, right = np.array(confidence), np.array(right)
    sure = confidence > 0.8
    assert 0.3 < right.mean() < 0.95
    assert right[sure].mean() > 0.85 > right[~sure].mean()


def test_write_calibration_changes_the_settings_only(tmp_path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(resolve_source("sync"), folder)
    calibration.write_calibration(folder, {"offset_weights": [1.0, 2.0, 3.0]})
    changed, shipped = Synchronizer.from_hparams(folder), Synchronizer.from_hparams("sync")
    assert changed.offset_weights.tolist() == [1.0, 2.0, 3.0]
    assert changed.file_calibration == shipped.file_calibration
    for name, value in shipped.lip_encoder.state_dict().items():
        assert torch.equal(changed.lip_encoder.state_dict()[name], value)
