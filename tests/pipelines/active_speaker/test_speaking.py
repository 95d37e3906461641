"""Whether the face in the picture is the one that speaks."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.audio import load_audio
from pins_plugin.inference.synchronizer import SyncResult
from pins_plugin.pipelines.active_speaker import speaking as speaking_module
from pins_plugin.pipelines.active_speaker.speaking import SpeakingFaces
from pins_plugin.pipelines.active_speaker.synchronization import VideoSync
from pins_plugin.tracking.crops import Crops, extract_crops
from pins_plugin.tracking.tracks import track_faces


class Synchronizer:
    """Notes the offset and answers with the mean of the lips."""

    def speaking_llr(self, lips, times, waveform, offset_seconds):
        self.offset = offset_seconds
        return lips.mean(axis=(1, 2))


@pytest.mark.parametrize(("confidence", "offset"), [(0.95, 0.08), (0.6, 0.0)])
def test_evidence_is_the_mean_at_the_offset_that_is_sure(
    monkeypatch: pytest.MonkeyPatch, confidence: float, offset: float
) -> None:
    found = VideoSync(SyncResult(0.08, 2, confidence, "shifted"), ("0000",), {})
    monkeypatch.setattr(speaking_module, "synchronize_faces", lambda *args: found)
    none = np.zeros((0, 1, 1), np.uint8)
    crops = {
        name: Crops(np.arange(count) / 25, none, none, np.full((count, 88, 2), value), none)
        for name, count, value in (("0000", 50, 2.0), ("0001", 25, -1.0), ("0002", 0, 9.0))
    }
    synchronizer = Synchronizer()
    evidence = SpeakingFaces(synchronizer)(crops, np.zeros(16000, np.float32))
    assert evidence == {"0000": 2.0, "0001": -1.0, "0002": 0.0}
    assert synchronizer.offset == offset


def test_real_lips_fit_their_own_sound_only(real_data: Path) -> None:
    video = real_data / "clips" / "p02_01.mpg"
    crops = extract_crops(video, track_faces(video, quiet=True), ["lips"])
    own = SpeakingFaces()(crops, load_audio(video))
    other = SpeakingFaces()(crops, load_audio(real_data / "clips" / "p05_01.mpg"))
    assert max(own.values()) > 1 > max(other.values())
