"""Colors: RGB, 0 to 255."""

from collections.abc import Sequence

Color = tuple[float, float, float]


def shade(color: Color, factor: float) -> Color:
    """Return `color` darker (factor below 1) or brighter.

    Examples
    --------
    >>> shade((100.0, 200.0, 50.0), 1.5)
    (150.0, 255.0, 75.0)
    """
    red, green, blue = (min(255.0, channel * factor) for channel in color)
    return red, green, blue


def mix(first: Color, second: Color, share: float) -> Color:
    """Return `first` with a `share` in [0, 1] of `second`."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def ramp(colors: Sequence[Color], place: float) -> Color:
    """Return the color at `place` in [0, 1] along a row of colors."""
    position = place * (len(colors) - 1)
    index = min(int(position), len(colors) - 2)
    return mix(colors[index], colors[index + 1], position - index)
