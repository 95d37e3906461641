"""From cosines to probabilities and decisions."""

import math

import pytest
import torch

from pins_plugin.errors import ModelFolderError
from pins_plugin.inference.joint_calibration import JointCalibration


def _read(**values: object) -> JointCalibration:
    calibration = JointCalibration.from_settings({"calibration": values})
    assert calibration is not None
    return calibration


def test_scale_and_offset_are_log_odds() -> None:
    ratio = _read(scale=4.0, offset=-1.0).log_ratio(torch.tensor([0.0, 0.5]))
    assert ratio.tolist() == [-1.0, 1.0]


def test_gain_is_a_density_ratio() -> None:
    calibration = _read(gain=0.9)
    assert float(calibration.log_ratio(torch.tensor(0.5))) == pytest.approx(math.log(1.45))
    assert float(calibration.probability(torch.tensor(0.0))) == 0.5
    assert float(calibration.probability(torch.tensor(1.0))) == pytest.approx(1.9 / 2.9)


def test_a_density_ratio_rules_out_and_never_confirms() -> None:
    decisions = [_read(gain=0.95).decide(torch.tensor(cosine)) for cosine in (-1.0, -0.3, 0.0, 1.0)]
    assert decisions == [False, None, None, None]


def test_decisions_need_a_clear_probability() -> None:
    calibration = _read(scale=10.0, offset=0.0, decide_at=0.9)
    assert [calibration.decide(torch.tensor(c)) for c in (-0.3, 0.1, 0.3)] == [False, None, True]


def test_only_some_models_can_ever_confirm() -> None:
    known_little, known_much = _read(gain=0.95), _read(scale=10.0, offset=0.0)
    assert known_little.largest_probability == pytest.approx(1.95 / 2.95)
    assert known_little.largest_probability < 0.8 < known_much.largest_probability


def test_no_calibration_is_none() -> None:
    assert JointCalibration.from_settings({}) is None
    assert JointCalibration.from_settings({"calibration": None}) is None


@pytest.mark.parametrize(
    "values",
    [
        {"scale": 1.0},
        {"gain": 1.5},
        {"gain": "much"},
        {"slope": 2.0},
        {"gain": 0.5, "decide_at": 0.2},
        3,
    ],
)
def test_another_calibration_is_refused(values: object) -> None:
    with pytest.raises(ModelFolderError, match="settings: calibration: expected"):
        JointCalibration.from_settings({"calibration": values})
