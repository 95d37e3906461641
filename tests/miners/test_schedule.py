"""The hardness schedule."""

import pytest

from pins_plugin.errors import PinsError
from pins_plugin.miners.schedule import HardnessSchedule


def test_schedule_follows_the_paper():
    schedule = HardnessSchedule(start=0.3, step=0.1, cap=0.8, period=2)
    values = [round(schedule(epoch), 6) for epoch in range(14)]
    assert values == [0.3, 0.3, 0.4, 0.4, 0.5, 0.5, 0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.8, 0.8]


def test_schedule_without_step_stays():
    assert HardnessSchedule(start=0.5, step=0.0)(1000) == 0.5


@pytest.mark.parametrize("bad", [{"start": -0.1}, {"cap": 1.2}, {"step": -0.1}, {"period": 0}])
def test_schedule_refuses_bad_values(bad):
    with pytest.raises(PinsError):
        HardnessSchedule(**bad)
