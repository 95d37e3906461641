"""The built-in diarization, with an encoder that knows the truth and with the one that is shipped."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from pins_plugin.pipelines.diarization.builtin import (
    BuiltinDiarization,
    DiarizationSettings,
    diarize,
)
from pyannote.core import Annotation, Segment

from pins_plugin.data.audio import load_audio
from pins_plugin.errors import PinsError
from pins_plugin.inference import voice_activity


def test_diarize_moves_the_border_to_where_the_voice_changes(sines, pitch_encoder) -> None:
    waveform = sines((120, 4.0), (610, 3.0), (120, 3.0))
    turns = diarize(waveform, pitch_encoder, speech=[(0.0, 10.0)])
    found = [(s.start, s.end, label) for s, _, label in turns.itertracks(yield_label=True)]
    assert [label for *_, label in found] == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]
    assert [round(start, 1) for start, *_ in found] == pytest.approx([0.0, 4.0, 7.0], abs=0.21)
    assert found[-1][1] == 10.0


def test_diarize_without_speech_gives_no_turn(pitch_encoder) -> None:
    assert len(diarize(np.zeros(16000, np.float32), pitch_encoder)) == 0


def test_find_speech_bridges_pauses_and_drops_clicks(monkeypatch: pytest.MonkeyPatch) -> None:
    chances = np.zeros(100, np.float32)
    chances[10:30], chances[34:50], chances[80:82] = 0.9, 0.9, 0.9
    monkeypatch.setattr(voice_activity, "speech_probability", lambda waveform: chances)
    (region,) = voice_activity.find_speech(np.zeros(51200, np.float32), pad=0.0)
    assert region == pytest.approx((10 * 0.032, 50 * 0.032))


def test_pipeline_takes_a_waveform_and_names_its_parameters() -> None:
    pipeline = BuiltinDiarization()
    pipeline.instantiate(pipeline.default_parameters())
    turns = pipeline({"waveform": torch.zeros(1, 16000), "sample_rate": 16000, "uri": "silence"})
    assert isinstance(turns, Annotation) and turns.uri == "silence" and len(turns) == 0


def test_two_real_people_are_told_apart(real_data: Path) -> None:
    clips = [load_audio(real_data / "clips" / name) for name in ("p40_01.mp4", "p41_01.mp4")]
    waveform = np.concatenate([clips[0][:96000], clips[1][:96000], clips[0][96000:192000]])
    turns = diarize(waveform)
    at = [turns.crop(Segment(t, t + 2)).argmax() for t in (1.5, 8.0, 14.0)]
    assert at[0] == at[2] != at[1]


def test_telemetry_of_the_host_stays_off() -> None:
    assert os.environ["PYANNOTE_METRICS_ENABLED"] == "0"


@pytest.mark.parametrize("num_speakers", [1, 2, 3])
def test_the_number_of_speakers_may_be_given(num_speakers: int, sines, pitch_encoder) -> None:
    waveform = sines((120, 4.0), (610, 3.0), (120, 3.0), (300, 3.0))
    speech = [(0.0, 13.0)]
    turns = diarize(waveform, pitch_encoder, speech=speech, num_speakers=num_speakers)
    assert len(turns.labels()) == num_speakers
    bounds = {"min_speakers": num_speakers, "max_speakers": num_speakers}
    assert diarize(waveform, pitch_encoder, speech=speech, **bounds) == turns


@pytest.mark.parametrize(
    "bounds", [{"num_speakers": 0}, {"max_speakers": -1}, {"min_speakers": 3, "max_speakers": 2}]
)
def test_bounds_that_no_number_keeps_are_told(bounds: dict[str, int]) -> None:
    with pytest.raises(PinsError, match="speakers: expected"):
        diarize(np.zeros(16000, np.float32), **bounds)


@pytest.mark.parametrize(("longest", "expected"), [(1.0, [(0.0, 5.0)]), (0.5, [(0.0, 2.0), (2.7, 5.0)])])  # fmt: skip
def test_short_pauses_belong_to_the_turn(longest, expected, sines, pitch_encoder) -> None:
    settings = DiarizationSettings(longest_pause=longest)
    speech = [(0.0, 2.0), (2.7, 5.0)]
    turns = diarize(sines((120, 5.0)), pitch_encoder, settings, speech=speech)
    assert [(s.start, s.end) for s in turns.itersegments()] == expected
