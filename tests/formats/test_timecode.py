"""Time code, against the field's own library and frame by frame."""

from fractions import Fraction

import opentimelineio as otio
import pytest

from pins_plugin.errors import PinsError
from pins_plugin.formats.timecode import (
    as_rate,
    format_timecode,
    is_drop_frame,
    to_frame,
)

RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.3f}")
def test_timecode_agrees_with_opentimelineio(rate: Fraction) -> None:
    """Every frame of eleven minutes, and some of a day: all that drop-frame leaves out is in there."""
    day = [round(hour * 3600 * rate) + 7 for hour in range(1, 24)]
    for frame in [*range(0, round(661 * rate), 1 if rate < 30 else 7), *day]:
        mine = format_timecode(frame, rate)
        theirs = otio.opentime.to_timecode(
            otio.opentime.RationalTime(frame, float(rate)),
            float(rate),
            is_drop_frame(rate),
        )
        assert mine == theirs, frame


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.3f}")
def test_every_frame_comes_back_from_its_time(rate: Fraction) -> None:
    """Also from times that were rounded to milliseconds, as links.json has them."""
    for frame in range(0, round(3 * 3600 * rate), 997):
        assert to_frame(float(frame / rate), rate) == frame
        assert to_frame(round(float(frame / rate), 3), rate) == frame


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(23.976, RATES[0]), (23.98, RATES[0]), (25.0, RATES[1]), (29.97, RATES[2]), (59.94, RATES[3]), (24.0, Fraction(24)), (50.0, Fraction(50))],
)  # fmt: skip
def test_as_rate_knows_the_usual_ones(given: float, wanted: Fraction) -> None:
    assert as_rate(given) == wanted


@pytest.mark.parametrize("given", [0.0, -1.0, 1e9, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(given: float) -> None:
    with pytest.raises(
        PinsError, match=f"expected 1 to 1000 Hz, got {given:g}".replace("+", r"\+")
    ):
        as_rate(given)
