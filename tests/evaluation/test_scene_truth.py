"""Who truly speaks and is seen, by time."""

import numpy as np
import pytest

from pins_plugin.errors import LinksError
from pins_plugin.evaluation.scene_truth import SceneTruth, moments, owner_of

TRUTH = SceneTruth(
    {
        "turns": [
            {"start": 0, "end": 40, "speaker": "anna"},
            {"start": 39, "end": 41, "speaker": "ben"},
        ],
        "panels": [{"start": 0, "end": 25, "person": "anna", "box": [0, 0, 10, 10]}],
        "faces": [{"person": "ben", "boxes": [[24, 0, 0, 4, 4], [26, 20, 0, 24, 4]]}],
    }
)


@pytest.mark.parametrize(
    ("time", "speaking", "seen"),
    [
        (0.0, {"anna"}, {"anna"}),
        (25.0, {"anna"}, {"anna", "ben"}),
        (39.5, {"anna", "ben"}, set()),
        (40.0, {"ben"}, set()),
        (41.0, set(), set()),
    ],
)
def test_speaking_and_seen(time: float, speaking: set, seen: set) -> None:
    assert TRUTH.speaking_at(time) == speaking
    assert set(TRUTH.seen_at(time)) == seen


def test_moving_faces_are_interpolated() -> None:
    assert TRUTH.seen_at(25.0)["ben"] == pytest.approx([10, 0, 14, 4])


def test_owner_is_whose_face_holds_the_center() -> None:
    seen = {"a": np.array([0.0, 0, 10, 10]), "b": np.array([6.0, 0, 16, 10])}
    assert owner_of(np.array([0.0, 0, 4, 4]), seen) == "a"
    assert owner_of(np.array([8.0, 4, 11, 6]), seen) == "b"  # inside both, nearer to b's center
    assert owner_of(np.array([30.0, 4, 40, 6]), seen) is None


def test_moments_lie_inside() -> None:
    assert moments(1.0, 1.1) == pytest.approx([1.01, 1.03, 1.05, 1.07, 1.09])
    assert len(moments(2.0, 2.0)) == 1


@pytest.mark.parametrize(
    "truth",
    [[], {"turns": [{"start": 0}]}, {"turns": 3}, {"faces": [{"person": "a", "boxes": [[0, 1]]}]}],
)
def test_another_form_is_explained(truth) -> None:
    with pytest.raises(LinksError, match="expected turns"):
        SceneTruth(truth)
