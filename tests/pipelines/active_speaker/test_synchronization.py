"""Several faces, one recording: the face that speaks decides."""

import numpy as np
import pytest

from pins_plugin.inference.synchronizer import SyncFeatures, Synchronizer
from pins_plugin.pipelines.active_speaker.synchronization import synchronize_faces
from pins_plugin.tracking.crops import Crops


class Scripted(Synchronizer):
    """Reads the similarities out of the lips instead of computing them."""

    def __init__(self) -> None:
        self.offset_weights = np.array([-2.0, 2.0, 0.0])

    def features(self, lips, times, waveform, sample_rate=16000, max_offset=15):
        generator = np.random.default_rng(int(lips[0, 0, 0]))
        sound = generator.normal(size=(len(lips) + 30, 16)).astype(np.float32) / 4
        seen = generator.normal(size=(len(lips), 16)).astype(np.float32) / 4
        late = lips[0, 0, 1]
        if np.isfinite(late):
            seen = sound[15 + int(late) :][: len(lips)]
        return SyncFeatures(times, seen, sound)


def make_crops(seed: int, late: float, num_frames: int = 50) -> Crops:
    lips = np.zeros((num_frames, 88, 2), np.float32)
    lips[0, 0] = seed, late
    nothing = np.zeros((0, 1, 1), np.uint8)
    return Crops(np.arange(num_frames) / 25, nothing, nothing, lips, np.zeros(num_frames))


@pytest.mark.parametrize("late", [-4, 0, 6])
def test_the_speaking_face_decides(late: int) -> None:
    crops = {"T1": make_crops(1, np.nan), "T2": make_crops(2, late), "T3": make_crops(3, np.nan)}
    found = synchronize_faces(crops, np.zeros(0, np.float32), Scripted())
    assert found.tracks == ("T2",)
    assert found.result.offset_frames == late
    assert set(found.per_track) == {"T1", "T2", "T3"}


def test_faces_that_agree_are_pooled() -> None:
    crops = {"T1": make_crops(1, 3, 14), "T2": make_crops(2, 3, 14)}
    found = synchronize_faces(crops, np.zeros(0, np.float32), Scripted())
    assert found.tracks == ("T1", "T2")
    assert found.result.confidence >= max(each.confidence for each in found.per_track.values())


def test_no_face_cannot_tell() -> None:
    found = synchronize_faces({}, np.zeros(0, np.float32), Scripted())
    assert (found.result.decision, found.tracks) == ("cannot tell", ())
