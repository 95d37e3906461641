"""Pictures: written whole, of the promised kind, and showing what the numbers say."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pins_plugin.errors import ShapeError
from pins_plugin.report.plots import plot_map, plot_matching, plot_roc, principal_plane

CELL = {"accuracy": 0.7, "ci95": [0.6, 0.8], "chance": 0.5, "oracle": 0.9}
CURVE = {"false_alarm": [0.0, 0.2, 1.0], "hit": [0.0, 0.7, 1.0]}
UNSEEN = {
    "verification": {"roc_auc": 0.7, "ci95": [0.6, 0.8], "oracle": 0.9},
    "roc_curve": {"model": CURVE, "oracle": CURVE},
    "matching": {n: CELL | {"face_to_voice": CELL, "voice_to_face": CELL} for n in ("2", "3")},
}


def _colors(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as image:
        assert image.format == "PNG" and min(image.size) > 500
        return {color for _, color in image.convert("RGB").getcolors(1 << 20)}


def test_roc_curve_shows_model_oracle_and_chance(tmp_path: Path) -> None:
    plot_roc({"unseen": UNSEEN}, tmp_path / "roc.png")
    assert {(31, 95, 168), (58, 143, 92)} <= _colors(tmp_path / "roc.png")


def test_roc_curve_without_an_oracle_leaves_it_out(tmp_path: Path) -> None:
    plain = UNSEEN | {"roc_curve": {"model": CURVE, "oracle": None}}
    plot_roc({"unseen": plain, "seen": None}, tmp_path / "roc.png")
    assert (58, 143, 92) not in _colors(tmp_path / "roc.png")


def test_matching_curve_shows_both_directions(tmp_path: Path) -> None:
    plot_matching(UNSEEN, tmp_path / "matching.png")
    assert (200, 112, 42) in _colors(tmp_path / "matching.png")


def test_map_shows_each_person_in_their_color(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    names = [f"p{index // 4}" for index in range(12)]
    embeddings = generator.normal(size=(12, 5))
    plot_map(embeddings, embeddings, names, names, tmp_path / "map.png")
    assert len(_colors(tmp_path / "map.png")) > 50


def test_map_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="got none"):
        plot_map(np.ones((1, 2)), np.ones((1, 2)), ["a"], ["b"], tmp_path / "map.png")
    assert not list(tmp_path.iterdir())


def test_plane_holds_the_directions_of_most_variance() -> None:
    generator = np.random.default_rng(0)
    points = generator.normal(size=(500, 4)) * [1.0, 30.0, 2.0, 10.0] + 5
    origin, plane = principal_plane(points)
    np.testing.assert_allclose(origin, points.mean(axis=0))
    np.testing.assert_allclose(plane.T @ plane, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(np.abs(plane[[1, 3]]), np.eye(2), atol=0.1)


def test_plane_of_one_point_is_zero_in_the_second_direction() -> None:
    assert principal_plane(np.ones((1, 3)))[1].shape == (3, 2)
