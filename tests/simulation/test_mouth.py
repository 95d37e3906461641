"""The drawn mouth shows what the articulators do."""

import numpy as np
import pytest

from pins_plugin.simulation.canvas import Canvas, Pose
from pins_plugin.simulation.mouth import MOUTH_Y, LipShape, draw_mouth, lip_contours
from pins_plugin.simulation.phones import PHONES, Mouth

LIPS = LipShape(0.36, 0.10, 0.13, (190.0, 90.0, 90.0), (120.0, 80.0, 60.0), (245.0, 243.0, 235.0))


def _drawn(mouth: Mouth) -> np.ndarray:
    image = np.full((160, 160, 3), (220, 180, 150), np.uint8)
    draw_mouth(Canvas(image, Pose(80, 80 - 60 * MOUTH_Y, 60)), LIPS, mouth)
    return image


def _count(image: np.ndarray, low: tuple[int, ...], high: tuple[int, ...]) -> int:
    return int(np.all((image >= low) & (image <= high), axis=-1).sum())


def _dark(mouth: Mouth) -> int:
    return _count(_drawn(mouth), (0, 0, 0), (75, 45, 45))


def _teeth(mouth: Mouth) -> int:
    return _count(_drawn(mouth), (195, 190, 180), (255, 255, 255))


def _gap(mouth: Mouth) -> float:
    upper, lower, _, _ = lip_contours(LIPS, mouth)
    return float((lower[:, 1] - upper[:, 1]).max())


def _width(mouth: Mouth) -> float:
    outer = lip_contours(LIPS, mouth)[2]
    return float(outer[-1, 0] - outer[0, 0])


def test_contours_are_ordered_from_top_to_bottom() -> None:
    for phone in PHONES.values():
        upper_inner, lower_inner, upper_outer, lower_outer = lip_contours(LIPS, phone.mouth)
        assert (upper_outer[1:-1, 1] < upper_inner[1:-1, 1]).all()
        assert (upper_inner[:, 1] <= lower_inner[:, 1] + 1e-9).all()
        assert (lower_inner[1:-1, 1] < lower_outer[1:-1, 1]).all()


def test_gap_grows_with_the_opening_and_closes_for_m() -> None:
    gaps = [_gap(Mouth(x, x, 0.0)) for x in (0.0, 0.3, 0.6, 1.0)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 0.3
    assert _gap(PHONES["m"].mouth) == pytest.approx(0, abs=1e-9)


def test_spread_lips_are_wider_than_round_ones() -> None:
    assert _width(PHONES["iy"].mouth) > 1.3 * _width(PHONES["uw"].mouth)


def test_open_mouth_is_dark_inside_and_closed_is_not() -> None:
    assert _dark(PHONES["aa"].mouth) > 150
    assert _dark(PHONES["m"].mouth) < 40


def test_teeth_show_for_a_spread_mouth_only() -> None:
    assert _teeth(PHONES["iy"].mouth) > 60
    assert _teeth(PHONES["m"].mouth) == 0


def test_tongue_shows_between_the_teeth() -> None:
    with_tongue = PHONES["th"].mouth
    without = with_tongue._replace(tongue=0.0)
    pink = ((195, 90, 90), (215, 118, 116))
    assert _count(_drawn(with_tongue), *pink) > _count(_drawn(without), *pink) + 20
