"""The built-in diarization: voices whose truth is known, heard by a stub of the segmentation; and the networks that ship."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from pyannote.core import Annotation, Segment

from pins_plugin.data.media.audio import load_audio
from pins_plugin.errors import ModelFolderError, PinsError
from pins_plugin.pipelines import BuiltinDiarization
from pins_plugin.pipelines.diarization.segmentation import (
    FRAME_STEP,
    SPEAKERS,
    Segmentation,
    place_windows,
)
from pins_plugin.pipelines.diarization.voice_model import VoiceScatter
from pins_plugin.pipelines.linking.builtin import diarize
from pins_plugin.pipelines.linking.counted import add_speakers
from pins_plugin.pipelines.linking.parameters import DiarizationSettings

SCATTER = VoiceScatter((1 / 16,) * 16, 0.05, 0.001, 0.001)  # of the pitch encoder, roughly
SETTINGS = DiarizationSettings(one=0.4, two=-1.0, voice=0.3, switches=-4.0, min_gain=0.0)
LOW, HIGH, THIRD = 120, 620, 320  # hertz, in different bands of the encoder
WINDOW = 589  # frames


def hear(seconds: float, *turns: tuple[float, float, int]) -> Segmentation:
    """What a segmentation that errs nowhere says of turns (start, end, local speaker)."""
    num_frames = round(seconds / FRAME_STEP)
    speaking = np.zeros((num_frames + 2 * WINDOW, 3), bool)
    for start, end, speaker in turns:
        speaking[round(start / FRAME_STEP) : round(end / FRAME_STEP), speaker] = True
    sets = {frozenset(each): number for number, each in enumerate(SPEAKERS)}
    firsts = place_windows(num_frames, 2.5)
    posteriors = np.full((len(firsts), WINDOW, len(SPEAKERS)), np.log(0.001), np.float32)
    for window, first in zip(posteriors, firsts, strict=True):
        for frame, who in zip(window, speaking[first : first + WINDOW], strict=True):
            frame[sets[frozenset(np.flatnonzero(who).tolist())]] = np.log(0.994)
    return Segmentation(posteriors, firsts, num_frames)


def spoken(turns: Annotation) -> list[tuple[float, float, str]]:
    return [(s.start, s.end, str(label)) for s, _, label in turns.itertracks(yield_label=True)]


def labels_of(found: Sequence[tuple[float, float, str]]) -> list[str]:
    return [label for *_, label in found]


@pytest.fixture
def conversation(sines, pitch_encoder):
    """Two voices, one after the other and back; diarize it."""
    waveform = sines((LOW, 4.0), (HIGH, 3.0), (LOW, 3.0), (THIRD, 3.0))
    heard = hear(13.0, (0, 4, 0), (4, 7, 1), (7, 10, 0), (10, 13, 2))

    def find(**options) -> Annotation:
        return diarize(waveform, pitch_encoder, SCATTER, SETTINGS, segmentation=heard, **options)

    return find


def test_turns_change_where_the_voice_does(conversation) -> None:
    found = spoken(conversation(uri="a"))
    assert labels_of(found) == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00", "SPEAKER_02"]
    assert [start for start, *_ in found] == pytest.approx([0.0, 4.0, 7.0, 10.0], abs=0.11)
    assert found[-1][1] == pytest.approx(13.0)


def test_two_at_once_are_both_told(sines, pitch_encoder) -> None:
    waveform = np.zeros(12 * 16000, np.float32)
    waveform[: 7 * 16000] += sines((LOW, 7.0))
    waveform[5 * 16000 :] += sines((HIGH, 7.0))
    heard = hear(12.0, (0, 7, 0), (5, 12, 1))
    turns = diarize(waveform, pitch_encoder, SCATTER, SETTINGS, segmentation=heard)
    found = spoken(turns)
    assert labels_of(found) == ["SPEAKER_00", "SPEAKER_01"]
    assert [time for turn in found for time in turn[:2]] == pytest.approx([0, 7, 5, 12], abs=0.11)


@pytest.mark.parametrize("num_speakers", [1, 2, 3, 4])
def test_the_number_of_speakers_may_be_given(num_speakers: int, conversation) -> None:
    turns = conversation(num_speakers=num_speakers)
    assert len(turns.labels()) == num_speakers
    assert conversation(min_speakers=num_speakers, max_speakers=num_speakers) == turns
    assert len(conversation(max_speakers=num_speakers).labels()) == min(num_speakers, 3)
    assert len(conversation(min_speakers=num_speakers).labels()) == max(num_speakers, 3)


def test_a_speaker_who_is_missing_takes_what_fits_least() -> None:
    stretch_of = np.array([0, 0, 1, 1, 2, -1])
    said = np.eye(3, 2, dtype=bool)[[0, 0, 0, 0, 1, 2]]  # the last step is nobody's
    ratios = np.array([[9.0, -9.0], [2.0, -9.0], [-9.0, 1.0]])
    assert add_speakers(said, ratios, stretch_of, 2) is said
    found = add_speakers(said, ratios, stretch_of, 3)  # stretch 2 is all that the second says
    assert found.astype(int).argmax(axis=1)[:5].tolist() == [0, 0, 2, 2, 1]
    assert not found[5].any()
    np.testing.assert_array_equal(add_speakers(said, ratios, stretch_of, 9)[:, :3], found)


@pytest.mark.parametrize(
    "bounds", [{"num_speakers": 0}, {"max_speakers": -1}, {"min_speakers": 3, "max_speakers": 2}]
)
def test_bounds_that_no_number_keeps_are_told(bounds: dict[str, int]) -> None:
    with pytest.raises(PinsError, match="speakers: expected"):
        diarize(np.zeros(16000, np.float32), **bounds)


@pytest.mark.parametrize(("longest", "number"), [(1.0, 1), (0.7, 2), (0.5, 2)])
def test_short_pauses_belong_to_the_turn(longest, number, sines, pitch_encoder) -> None:
    settings = DiarizationSettings(0.4, -1.0, 0.3, -4.0, 0.0, longest)
    heard = hear(5.0, (0, 2, 0), (2.7, 5, 0))
    waveform = sines((LOW, 5.0))
    turns = diarize(waveform, pitch_encoder, SCATTER, settings, segmentation=heard)
    assert len(turns) == number and len(turns.labels()) == 1


def test_an_encoder_without_its_scatter_is_refused(pitch_encoder, tmp_path: Path) -> None:
    with pytest.raises(PinsError, match=r"recipes/Diarization/learn_scatter\.py"):
        diarize(np.zeros(16000, np.float32), pitch_encoder)
    with pytest.raises(ModelFolderError, match=r"recipes/Diarization/learn_scatter\.py"):
        BuiltinDiarization("face_voice")


def test_pipeline_takes_a_waveform_and_names_its_parameters() -> None:
    pipeline = BuiltinDiarization()
    pipeline.instantiate({"least_gain": 3.5})  # its name in version 0.1
    assert pipeline.min_gain == 3.5
    pipeline.instantiate(pipeline.default_parameters())
    turns = pipeline({"waveform": torch.zeros(1, 16000), "sample_rate": 16000, "uri": "silence"})
    assert isinstance(turns, Annotation) and turns.uri == "silence" and len(turns) == 0
    assert pipeline.settings.longest_pause == pipeline.default_parameters()["longest_pause"]


def test_two_real_people_are_told_apart(real_data: Path) -> None:
    clips = [load_audio(real_data / "clips" / name) for name in ("p40_01.mp4", "p41_01.mp4")]
    waveform = np.concatenate([clips[0][:96000], clips[1][:96000], clips[0][96000:192000]])
    turns = diarize(waveform)
    at = [turns.crop(Segment(t, t + 2)).argmax() for t in (1.5, 8.0, 14.0)]
    assert at[0] == at[2] != at[1]


def test_telemetry_of_the_host_stays_off() -> None:
    assert os.environ["PYANNOTE_METRICS_ENABLED"] == "0"
