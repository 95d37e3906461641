"""Devices that are not there are told in one line."""

import pytest
import torch

from pins_plugin.errors import PinsError, ShapeError
from pins_plugin.utils.device import usable_device


def test_devices_are_found_by_name() -> None:
    assert usable_device("cpu") == usable_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("name", ["toaster", "xpu:99"])
def test_devices_that_are_not_there_are_refused(name: str) -> None:
    with pytest.raises(PinsError, match=f"device '{name}': not usable here .*; try 'cpu'"):
        usable_device(name)
    with pytest.raises(ShapeError):
        usable_device(name, ShapeError)
