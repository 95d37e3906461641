"""Colors and times of the reports."""

import numpy as np
import pytest

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.report.style import NOBODY, PALETTE, color_of, format_time, hex_color


def test_color_of_is_the_same_for_the_same_person() -> None:
    tracks = [LinkedTrack("T", name, np.zeros(1), np.zeros((1, 4))) for name in ("ANNA", "BERT")]
    linked = LinkedVideo("a.mp4", 1.0, [], tracks)
    assert color_of(linked, "BERT") == PALETTE[1]
    assert color_of(linked, None) == color_of(linked, "nobody known") == NOBODY


def test_hex_color() -> None:
    assert hex_color((255, 0, 10)) == "#ff000a"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (59.96, "1:00.0"), (83.46, "1:23.5"), (3600, "1:00:00.0")],
)
def test_format_time(seconds: float, text: str) -> None:
    assert format_time(seconds) == text
