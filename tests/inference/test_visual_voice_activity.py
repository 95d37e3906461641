"""VisualVoiceActivity: clock, gaps, blocks, broken inputs; and that the shipped weights tell talk from rest."""

import numpy as np
import pytest
import torch
from torch import nn

from pins_plugin.errors import ShapeError
from pins_plugin.inference import visual_voice_activity as module
from pins_plugin.inference.visual_voice_activity import VisualVoiceActivity
from pins_plugin.models.lips.talking_network import TalkingNetwork
from pins_plugin.tracking.crops import Crops


class ReadOpening(nn.Module):
    """A logit that is written in the first coordinate of the lips."""

    def forward(self, lips: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        return lips[:, :, 0, 0]


def make_lips(values: np.ndarray) -> np.ndarray:
    lips = np.zeros((len(values), 88, 2), np.float32)
    lips[:, 0, 0] = values
    return lips


@pytest.mark.parametrize("rate", [12.0, 25.0, 29.97, 60.0])
def test_evidence_is_on_a_clock_of_25_frames(rate: float) -> None:
    times = 3.0 + np.arange(round(4 * rate)) / rate
    found = VisualVoiceActivity(ReadOpening(), [0.5, 2.0])(make_lips(times - 5.0), times)
    np.testing.assert_allclose(np.diff(found.times), 0.04, atol=1e-9)
    assert found.times[0] == 3.0
    np.testing.assert_allclose(found.llr, np.clip(0.5 + 2 * (found.times - 5.0), -5, 5), atol=1e-3)


def test_nothing_is_said_where_nothing_was_seen() -> None:
    times = np.arange(50) / 25
    lips = make_lips(np.ones(50))
    lips[20:30] = np.nan
    found = VisualVoiceActivity(ReadOpening(), [0.0, 1.0])(lips, times)
    assert (found.llr[20:30] == 0).all()
    assert (found.llr[:20] == 1).all()
    assert (found.llr[30:] == 1).all()


@pytest.mark.parametrize("num_frames", [0, 1, 4])
def test_too_few_frames_say_nothing(num_frames: int) -> None:
    activity = VisualVoiceActivity(ReadOpening(), [1.0, 1.0])
    found = activity(make_lips(np.ones(num_frames)), np.arange(num_frames) / 25)
    assert len(found.times) == len(found.llr) == num_frames
    assert (found.llr == 0).all()


def test_crops_are_read() -> None:
    times = np.arange(30) / 25
    crops = Crops(
        times, np.zeros((0, 1, 1, 3), np.uint8), np.zeros((0, 1, 1), np.uint8),
        make_lips(times), np.ones(30, np.float32),
    )  # fmt: skip
    found = VisualVoiceActivity(ReadOpening(), [0.0, 1.0])(crops.lips, crops.times)
    np.testing.assert_allclose(found.llr, times, atol=1e-6)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    activity = VisualVoiceActivity(TalkingNetwork(), [0.0, 1.0])
    lips = np.random.default_rng(0).normal(size=(400, 88, 2)).astype(np.float32)
    times = np.arange(400) / 25
    whole = activity(lips, times).llr
    monkeypatch.setattr(module, "BLOCK", 90)
    np.testing.assert_allclose(activity(lips, times).llr, whole, atol=1e-4)


@pytest.mark.parametrize(
    ("lips", "times"),
    [
        (np.zeros((5, 80, 2)), np.arange(5.0)),
        (np.zeros((5, 88, 2)), np.arange(4.0)),
        (np.zeros((5, 88, 2)), np.zeros(5)),
    ],
)
def test_broken_inputs_are_refused(lips: np.ndarray, times: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="expected"):
        VisualVoiceActivity(ReadOpening(), [0.0, 1.0])(lips, times)


def test_it_moves_to_a_device() -> None:
    moved = VisualVoiceActivity(nn.Linear(2, 1), [0.0, 1.0]).to(torch.device("meta"))
    assert moved.device.type == "meta" and moved.talking_network.weight.is_meta
