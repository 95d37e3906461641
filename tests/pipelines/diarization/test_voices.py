"""Windows of sound, and voices compared, with an encoder that knows the truth."""

import numpy as np
import pytest
from pyannote.core import Annotation, Segment

from pins_plugin.pipelines.diarization.voices import compare_speakers, place_windows


def test_compare_speakers_tells_voices_apart(sines, pitch_encoder) -> None:
    waveform = sines((120, 3.0), (610, 3.0), (120, 3.0))
    turns = Annotation()
    for number, label in enumerate("aba"):
        turns[Segment(3 * number, 3 * number + 3)] = label
    turns[Segment(6, 9)] = "c"
    voices = compare_speakers(turns, waveform, pitch_encoder)
    assert voices["a", "c"] > 0.99 > 0.2 > voices["a", "b"] == voices["b", "a"]


def test_place_windows_covers_long_regions_and_centers_on_short_ones() -> None:
    starts = place_windows([(1.0, 1.4), (3.0, 5.0)], window=1.0, hop=0.25)
    assert starts[0] == pytest.approx(0.7)
    assert starts[1] == 3.0 and starts[-1] == 4.0
    assert np.diff(starts[1:]).max() <= 0.25 + 1e-9
