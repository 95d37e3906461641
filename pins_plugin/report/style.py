"""How all reports show the same thing: one color per person, times as a player writes them."""

from pins_plugin.data.links.linked_video import LinkedVideo

PALETTE = (
    (79, 157, 232),
    (242, 159, 58),
    (62, 184, 132),
    (232, 104, 138),
    (155, 127, 230),
    (64, 184, 200),
    (224, 123, 83),
    (141, 187, 62),
    (206, 121, 206),
    (201, 173, 72),
)  # RGB, each readable on a picture and on a light or dark page
NOBODY = (150, 156, 166)  # RGB, for whoever is not on screen


def color_of(linked: LinkedVideo, person: str | None) -> tuple[int, int, int]:
    """RGB by which a person is known in every report."""
    if person is None or person not in linked.person_labels:
        return NOBODY
    return PALETTE[linked.person_labels.index(person) % len(PALETTE)]


def hex_color(color: tuple[int, int, int]) -> str:
    """Write a color as style sheets do."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def format_time(seconds: float) -> str:
    """Write a time as a player shows it.

    Examples
    --------
    >>> format_time(83.46), format_time(3600)
    ('1:23.5', '1:00:00.0')
    """
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{clock}:{rest // 10:02d}.{rest % 10}"
