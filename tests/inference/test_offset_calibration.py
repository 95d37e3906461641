"""What the offset of a file is worth: learnt on some made people, true of others."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pins_plugin.data.training.sync_clips import SyncClip
from pins_plugin.inference.made_files import MAX_SHIFT, make_files
from pins_plugin.inference.offset_calibration import (
    WANTED,
    choose_limits,
    fit_file_calibration,
    look_at,
    summarize,
    write_calibration,
)
from pins_plugin.inference.offset_posterior import OffsetCalibration
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.models.folder.model_folder import resolve_source


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
    return Synchronizer(HiddenLips(), HiddenSound())


def _look(synchronizer: Synchronizer, first: int, calibration: OffsetCalibration, seed: int) -> list:  # fmt: skip
    return look_at(make_files(_clips(first), seed), synchronizer, calibration)


def test_what_is_learnt_holds_for_others(synchronizer: Synchronizer) -> None:
    start = replace(OffsetCalibration.shipped(), least=0.8)
    learnt = fit_file_calibration(_look(synchronizer, 0, start, 0), start)
    assert learnt.right[1] > 0
    found = summarize(_look(synchronizer, 100, learnt, 5), learnt)
    assert found["own"][1] > 0.3
    assert found["own"][2] > 0.95
    assert found["foreign"][1] < 0.2


def test_limits_hold_for_both_kinds_of_people(synchronizer: Synchronizer) -> None:
    start = OffsetCalibration.shipped()
    cases, others = _look(synchronizer, 0, start, 0), _look(synchronizer, 200, start, 3)
    found = choose_limits(others, cases, fit_file_calibration(cases, start))
    for some in (others, [*cases, *others]):
        assert summarize(some, found)["own"][2] >= WANTED
    lower = replace(found, least=found.least - 0.01)
    shares = [summarize(some, lower)["own"][2] for some in (others, [*cases, *others])]
    assert found.least == pytest.approx(0.4) or min(shares) < WANTED


def _telling(number: int) -> list[SyncClip]:
    """Lips that tell the sound exactly."""
    clips = _clips(0, number)
    for clip in clips:
        clip.lips[:, :8, 0] = clip.waveform.reshape(-1, 640)[:, :8]
    return clips


@pytest.mark.parametrize("listeners", [False, True])
def test_made_files_hold_the_offset_that_they_say(synchronizer: Synchronizer, listeners: bool) -> None:  # fmt: skip
    """With lips that tell all, every file of own sound is found out, at edges and over several stretches too."""
    files = list(make_files(_telling(3), listeners=listeners))
    cases = look_at(files, synchronizer, OffsetCalibration.shipped())
    assert len(cases) == len(files)
    assert all(case.right for case in cases if case.own)
    assert not any(case.right for case in cases if not case.own)
    assert max(abs(file.offset) for file in files) == MAX_SHIFT


def test_made_files_are_as_long_as_they_are_seen() -> None:
    """A network sees no more of lips and sound than the file has."""
    files = list(make_files(_telling(3), lengths=(25, 50)))
    for file in files:
        ends = [times[-1] + 0.04 for _, times in file.faces]
        assert len(file.waveform) / 16000 == pytest.approx(max(ends))
        assert all(len(lips) == len(times) <= file.length for lips, times in file.faces)
    assert {len(file.faces) for file in files} >= {1, 2, 3}


def test_write_calibration_changes_the_settings_only(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(resolve_source("sync"), folder)
    shipped = Synchronizer.from_hparams("sync")
    learnt = replace(shipped.file_calibration, least=0.7)
    write_calibration(folder, {"file_calibration": asdict(learnt)})
    changed = Synchronizer.from_hparams(folder)
    assert changed.file_calibration == learnt != shipped.file_calibration
    for name, value in shipped.lip_encoder.state_dict().items():
        assert torch.equal(changed.lip_encoder.state_dict()[name], value)
