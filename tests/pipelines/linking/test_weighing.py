"""Tracks are looked at one after the other; their crops stay only where something asks for them."""

from pathlib import Path

import numpy as np
import pytest
from pyannote.core import Annotation

from pins_plugin.errors import PinsError
from pins_plugin.pipelines.linking.baselines import by_motion
from pins_plugin.pipelines.linking.observation import Looks, Observation
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.tracking.crops import Crops


def make_crops(num_frames: int) -> Crops:
    generator = np.random.default_rng(num_frames)
    return Crops(
        np.arange(num_frames) / 25,
        generator.integers(0, 255, (2, 112, 112, 3), np.uint8),
        np.zeros((0, 48, 64), np.uint8),
        generator.standard_normal((num_frames, 88, 2)).astype(np.float32),
        np.ones(num_frames, np.float32),
    )


@pytest.mark.parametrize(
    ("evidence", "keep_crops", "kept"),
    [
        (("sync", "presence"), False, []),
        (("sync", "presence"), True, ["T1", "T2"]),
        (("sync", "motion"), False, ["T1", "T2"]),
    ],
)
def test_crops_are_kept_where_they_are_asked_for(
    evidence: tuple[str, ...], keep_crops: bool, kept: list[str]
) -> None:
    crops = {"T1": make_crops(30), "T2": make_crops(3)}
    sound = np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    weigher = SpeakerFaceLinking(evidence=evidence).weigher
    looks = weigher.look(iter(crops.items()), sound, keep_crops)
    assert list(looks.crops) == kept
    assert {name: len(faces) for name, faces in looks.faces.items()} == {"T1": 2, "T2": 2}
    assert list(looks.curves) == ["T1"]  # three frames tell nothing of synchrony
    np.testing.assert_array_equal(looks.curves["T1"].times, crops["T1"].times)


def test_the_baseline_of_motion_asks_for_crops(tmp_path: Path) -> None:
    looks = Looks({}, {}, {})
    seen = Observation(tmp_path, "video", 1.0, np.zeros(16000, np.float32), [], looks, Annotation())
    with pytest.raises(PinsError, match="keep_crops=True"):
        by_motion(seen, [])
