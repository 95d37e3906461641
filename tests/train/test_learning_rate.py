"""The learning rate rises, falls, and ends where it should."""

import pytest

from pins_plugin.train.learning_rate import OneCycle


@pytest.mark.parametrize(
    ("progress", "expected"), [(0.05, 0.5), (0.1, 1.0), (0.55, 0.51), (1.0, 0.02), (2.0, 0.02)]
)
def test_rate_at_known_points(progress: float, expected: float) -> None:
    assert OneCycle(peak=1.0, warmup=0.1, end=0.02)(progress) == pytest.approx(expected)


def test_first_step_is_not_lost() -> None:
    assert OneCycle(peak=1.0)(0.0) > 0
