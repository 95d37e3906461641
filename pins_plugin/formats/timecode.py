"""Seconds, frames and time code, right to the frame: 23.976, 25, 29.97 drop-frame, 59.94.

Drop-frame time code leaves out numbers, not pictures: 00 and 01 (at 59.94: 00 to 03) of each minute that ten does not
divide, so that it keeps up with the clock (SMPTE ST 12-1).
"""

from fractions import Fraction
from math import floor

from pins_plugin.data.media.video_writer import frame_rate_fraction
from pins_plugin.errors import PinsError

DAY = 24 * 60  # minutes


def as_rate(frame_rate: float) -> Fraction:
    """Frame rate as a fraction of Hz: 29.97 is 30000/1001.

    Examples
    --------
    >>> as_rate(23.976), as_rate(25.0)
    (Fraction(24000, 1001), Fraction(25, 1))
    """
    if not 1 <= frame_rate <= 1000:  # nor NaN
        raise PinsError(f"frame rate: expected 1 to 1000 Hz, got {float(frame_rate):g}")
    return frame_rate_fraction(frame_rate)


def is_drop_frame(rate: Fraction) -> bool:
    """Whether time code of this rate is counted drop-frame by default: 29.97 and 59.94."""
    return rate.denominator == 1001 and round(rate) % 30 == 0


def to_frame(seconds: float, rate: Fraction) -> int:
    """Number of the picture that is nearest to a time, from zero.

    Examples
    --------
    >>> to_frame(1.0, Fraction(24000, 1001)), to_frame(3600.0, Fraction(30000, 1001))
    (24, 107892)
    """
    frames = Fraction(round(1e6 * seconds), 10**6) * rate
    return max(0, floor(frames + Fraction(1, 2)))  # round() would put two pictures on one


def format_timecode(frame: int, rate: Fraction) -> str:
    """Write a frame number as time code; that of 29.97 and 59.94 is drop-frame, and has a semicolon.

    Parameters
    ----------
    frame : int
        From zero; a day and more begins at zero again.
    rate : Fraction
        In Hz.

    Examples
    --------
    >>> format_timecode(1799, Fraction(30000, 1001)), format_timecode(1800, Fraction(30000, 1001))
    ('00:00:59;29', '00:01:00;02')
    """
    base = round(rate)  # frames that a second of time code counts: 30 for 29.97
    drops = is_drop_frame(rate)
    if drops:
        dropped = base // 15
        ten_minutes = 600 * base - 9 * dropped
        tens, rest = divmod(frame, ten_minutes)
        frame += 9 * dropped * tens
        if rest >= 60 * base:
            frame += dropped * (1 + (rest - 60 * base) // (60 * base - dropped))
    seconds, frames = divmod(frame, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes % DAY, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if drops else ':'}{frames:02d}"
