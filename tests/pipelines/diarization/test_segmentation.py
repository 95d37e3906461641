"""Windows on one grid of frames, and what is averaged over them; with a network that knows the truth, and the real one."""

from pathlib import Path

import numpy as np
import pyannote.audio
import pytest
import torch

from pins_plugin.data.media.audio import load_audio
from pins_plugin.pipelines.diarization import segmentation as module
from pins_plugin.pipelines.diarization.rttm import read_rttm
from pins_plugin.pipelines.diarization.segmentation import (
    FRAME_STEP,
    SPEAKERS,
    WINDOW_FRAMES,
    Segmentation,
    place_windows,
    segment,
)

SAMPLE = Path(pyannote.audio.__file__).parent / "sample"


class LevelNetwork(torch.nn.Module):
    """Reads the class of each frame off the sample in its middle, and numbers local speakers by the window's start."""

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        middles = torch.arange(WINDOW_FRAMES) * module.HOP + module.FIELD // 2
        classes = waveforms[:, 0, middles].round().long()  # (batch, num_frames)
        return torch.nn.functional.one_hot(classes, len(SPEAKERS)).double().clamp(min=1e-9).log()


def _levels(*parts: tuple[int, float]) -> np.ndarray:
    """A waveform whose samples are the class, for seconds each."""
    return np.concatenate([np.full(round(s * 16000), c, np.float32) for c, s in parts])


def _segmentation(*classes: list[int], firsts: tuple[int, ...] = (0,)) -> Segmentation:
    """Windows of which the class of each frame is certain."""
    posteriors = np.eye(len(SPEAKERS), dtype=np.float32)[np.array(classes)]
    length = firsts[-1] + len(classes[-1])
    return Segmentation(np.log(np.maximum(posteriors, 1e-9)), np.array(firsts), length)


@pytest.mark.parametrize("num_frames", [1, 589, 590, 1000, 5000])
@pytest.mark.parametrize("step", [0.001, 1.0, 2.5, 10.0])
def test_windows_cover_every_frame_at_most_a_step_apart(num_frames: int, step: float) -> None:
    firsts = place_windows(num_frames, step)
    assert firsts[0] == 0
    assert firsts[-1] == max(0, num_frames - WINDOW_FRAMES)
    assert (np.diff(firsts) <= min(max(1, round(step / FRAME_STEP)), WINDOW_FRAMES) + 1).all()


@pytest.mark.parametrize("step", [1.0, 2.5, 5.0])
def test_frames_are_where_the_sound_is_whatever_the_step(step: float) -> None:
    waveform = _levels((0, 3.0), (1, 9.0), (4, 2.0), (2, 8.0))
    found = segment(waveform, LevelNetwork(), step)
    counts = found.count_log_probs().argmax(axis=1)
    for start, end, count in ((0, 3, 0), (3, 12, 1), (12, 14, 2), (14, 22, 1)):
        inside = (found.times > start + 0.01) & (found.times < end - 0.01)
        assert (counts[inside] == count).all()
    assert abs(found.times[-1] - len(waveform) / 16000) < 2 * FRAME_STEP


@pytest.mark.parametrize("num_samples", [0, 1, 700, 1600, 16000, 159999, 160001])
def test_files_of_any_length_are_segmented(num_samples: int) -> None:
    found = segment(np.ones(num_samples, np.float32), LevelNetwork())
    assert found.count_log_probs().shape == (found.num_frames, 3)
    assert found.change_probability().shape == (found.num_frames,)
    middles = (found.times * 16000 < num_samples).sum()
    assert found.num_frames == max(1, middles)
    assert (found.count_log_probs().argmax(axis=1)[:middles] == 1).all()


def test_result_does_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    waveform = load_audio(SAMPLE / "sample.wav")
    expected = segment(waveform, step=5.0)
    monkeypatch.setattr(module, "BATCH_SIZE", 3)
    found = segment(waveform, step=5.0)
    np.testing.assert_allclose(found.log_posteriors, expected.log_posteriors, atol=1e-3)


def test_counts_and_changes_do_not_depend_on_the_order_of_local_speakers() -> None:
    one = _segmentation([0, 1, 1, 4, 2, 2, 0, 0], [1, 1, 4, 2, 2, 0, 0, 3], firsts=(0, 1))
    other = _segmentation([0, 3, 3, 6, 2, 2, 0, 0], [2, 2, 6, 3, 3, 0, 0, 1], firsts=(0, 1))
    np.testing.assert_allclose(one.count_log_probs(), other.count_log_probs())
    np.testing.assert_allclose(one.change_probability(), other.change_probability(), atol=1e-6)


def test_change_is_told_over_a_pause_and_not_where_the_same_speaker_goes_on() -> None:
    pause, length = [0] * 40, 60
    same = _segmentation([1] * length + pause + [1] * length).change_probability()
    other = _segmentation([1] * length + pause + [2] * length).change_probability()
    assert same.max() < 1e-4
    np.testing.assert_allclose(other[length : length + len(pause)], 1, atol=1e-4)
    assert other[: length - 10].max() < 1e-4 and other[length + len(pause) + 10 :].max() < 1e-4


def test_real_sample_is_counted_right() -> None:
    """A floor a little under what is reached, 0.965; the reference is that of the package."""
    (reference,) = read_rttm(SAMPLE / "sample.rttm").values()
    found = segment(load_audio(SAMPLE / "sample.wav"))
    speaking = np.zeros(found.num_frames, int)
    for label in reference.labels():
        for turn in reference.label_timeline(label).support():
            speaking += (found.times >= turn.start) & (found.times < turn.end)
    assert (found.count_log_probs().argmax(axis=1) == speaking).mean() > 0.95
