"""Several faces, one recording: the face that speaks decides."""

import numpy as np
import pytest

from pins_plugin.inference.offset_posterior import OffsetCalibration
from pins_plugin.inference.synchronizer import SyncFeatures, Synchronizer
from pins_plugin.pipelines.active_speaker.synchronization import measure_drift, synchronize_faces
from pins_plugin.tracking.crops import Crops
from pins_plugin.types import FaceTrack


class Scripted(Synchronizer):
    """Reads the similarities out of the lips instead of computing them."""

    def __init__(self) -> None:
        self.file_calibration = OffsetCalibration.shipped()

    def features(self, lips, times, waveform, sample_rate=16000, max_offset=15, moving=False):
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
    assert found.result.offset_frames == late


def test_faces_that_agree_are_pooled() -> None:
    crops = {"T1": make_crops(1, 3, 14), "T2": make_crops(2, 3, 14)}
    found = synchronize_faces(crops, np.zeros(0, np.float32), Scripted())
    alone = [
        synchronize_faces({name: crop}, np.zeros(0, np.float32), Scripted()).result
        for name, crop in crops.items()
    ]
    assert found.result.confidence > max(each.confidence for each in alone)


def test_listeners_do_not_take_the_answer_away() -> None:
    """One face speaks, three others fit the sound by chance only; less sure than alone, and the same answer."""
    listeners = {f"L{seed}": make_crops(seed, np.nan, 100) for seed in range(10, 13)}
    alone = synchronize_faces({"T": make_crops(2, 5, 100)}, np.zeros(0, np.float32), Scripted())
    found = synchronize_faces({"T": make_crops(2, 5, 100), **listeners}, np.zeros(0, np.float32), Scripted())  # fmt: skip
    assert found.result.offset_frames == alone.result.offset_frames == 5
    assert found.result.decision == alone.result.decision == "shifted"


def test_shots_and_people_have_lines_of_their_own() -> None:
    crops = {"T1": make_crops(1, 3, 100), "T2": make_crops(2, 3, 100), "T3": make_crops(3, -4, 100)}
    tracks = [_track("T1", 0, "ANNA"), _track("T2", 1, "ANNA"), _track("T3", 1, None)]
    found = synchronize_faces(crops, np.zeros(0, np.float32), Scripted(), tracks=tracks)
    assert found.per_shot[0].offset_frames == 3
    assert set(found.per_shot) == {0, 1}
    assert {name: result.offset_frames for name, result in found.per_person.items()} == {"ANNA": 3}


def _track(name: str, shot: int, person: str | None) -> FaceTrack:
    nothing = np.zeros((1, 4), np.float32)
    return FaceTrack(name, np.zeros(1), nothing, np.zeros((1, 5, 2), np.float32), np.ones(1, bool), shot, {}, person)  # fmt: skip


@pytest.mark.parametrize("per_minute", [0.0, 4.0], ids=["steady", "drifting"])
def test_drift_is_the_change_of_the_offset(per_minute: float) -> None:
    """A minute and a half; the sound comes `per_minute` frames later with each minute."""
    generator = np.random.default_rng(0)
    sound = generator.normal(size=(2250 + 30, 16)).astype(np.float32) / 4
    frames = np.arange(2250)
    late = np.round(per_minute * frames / 1500).astype(int)
    lips = sound[15 + frames + late - 0]
    drift = measure_drift([SyncFeatures(frames / 25, lips, sound)], Scripted())
    assert drift is not None
    assert drift.milliseconds_per_minute == pytest.approx(40 * per_minute, abs=15)


def test_a_short_file_has_no_drift() -> None:
    crops = {"T1": make_crops(1, 3, 100)}
    assert synchronize_faces(crops, np.zeros(0, np.float32), Scripted()).drift is None


def test_no_face_cannot_tell() -> None:
    found = synchronize_faces({}, np.zeros(0, np.float32), Scripted())
    assert found.result.decision == "cannot tell"
