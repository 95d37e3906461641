"""Synchronizer: sign, decisions, and inputs that are broken, with encoders whose features are known."""

import numpy as np
import pytest
import torch
from torch import nn

from pins_plugin.errors import ShapeError
from pins_plugin.inference.lips_and_sound import is_still
from pins_plugin.inference.synchronizer import Synchronizer

RATE = 16000


class ReadOpening(nn.Module):
    """A lip feature that copies the code hidden in the lips of each frame."""

    def forward(self, lips: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(lips[:, :, :8, 0] + 1e-6, dim=-1)


class ReadBlocks(nn.Module):
    """A sound feature that copies the code hidden in the first samples of each frame."""

    sample_rate = RATE

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        frames = waveforms[:, : waveforms.shape[1] // 640 * 640].reshape(len(waveforms), -1, 640)
        return nn.functional.normalize(frames[:, :, :8] + 1e-6, dim=-1)


@pytest.fixture
def synchronizer() -> Synchronizer:
    return Synchronizer(ReadOpening(), ReadBlocks())


def make_recording(num_frames: int = 60, delay: int = 0, rate: float = 25.0, seed: int = 0):
    """Lips and sound that carry the same random code, the sound `delay` frames late."""
    code = np.random.default_rng(seed).normal(size=(num_frames, 8)).astype(np.float32)
    sound = np.zeros((num_frames, 640), np.float32)
    sound[:, :8] = np.roll(code, delay, axis=0)
    times = np.arange(round(num_frames * rate / 25)) / rate
    nearest = np.minimum(np.round(times * 25).astype(int), num_frames - 1)
    lips = np.zeros((len(times), 88, 2), np.float32)
    lips[:, :8, 0] = code[nearest]
    return lips, times, sound.ravel()


@pytest.mark.parametrize("delay", [-15, -3, 0, 1, 7, 15])
def test_positive_means_that_the_sound_comes_too_late(synchronizer, delay: int) -> None:
    result = synchronizer.offset(*make_recording(delay=delay))
    assert result.offset_frames == delay
    assert result.offset_seconds == pytest.approx(delay / 25, abs=0.02)
    assert result.decision == ("in sync" if abs(delay) <= 1 else "shifted")
    assert 0.5 <= result.confidence <= 1


@pytest.mark.parametrize("rate", [12.5, 50.0])
def test_any_frame_rate(synchronizer, rate: float) -> None:
    result = synchronizer.offset(*make_recording(200, delay=4, rate=rate))
    assert abs(result.offset_frames - 4) <= 1


def test_a_track_that_starts_later_reads_the_sound_of_its_time(synchronizer) -> None:
    lips, times, waveform = make_recording(100, delay=2)
    result = synchronizer.offset(lips[40:], times[40:], waveform)
    assert result.offset_frames == 2


def test_sound_at_another_rate_is_resampled(synchronizer) -> None:
    lips, times, _ = make_recording()
    features = synchronizer.features(lips, times, np.ones(48000 * 3, np.float32), 48000)
    assert np.isfinite(features.sound[15:-15]).all()


def test_chance_fits_are_not_believed(synchronizer) -> None:
    lips, times, _ = make_recording(seed=1)
    _, _, waveform = make_recording(seed=2)
    result = synchronizer.offset(lips, times, waveform)
    assert result.confidence < 0.9


def test_a_face_that_hardly_moves_has_no_say_about_a_file(synchronizer) -> None:
    """Its encoder blows up what little it moves, so that it may fit the sound anywhere; where it speaks it counts."""
    lips, times, waveform = make_recording(200, delay=2)
    lips[100:] = lips[100] + 0.003 * np.random.default_rng(3).normal(size=lips[100:].shape)
    whole = synchronizer.features(lips, times, waveform)
    found = synchronizer.features(lips, times, waveform, moving=True)
    assert np.isfinite(whole.lips).all()
    assert np.isfinite(found.lips[:100]).all()
    assert np.isnan(found.lips[130:]).all()
    np.testing.assert_array_equal(found.lips[:100], whole.lips[:100])
    assert synchronizer.offset_of_file([found.similarities]).offset_frames == 2
    quiet = synchronizer.features(lips[130:], times[130:], waveform, moving=True)
    assert synchronizer.offset_of_file([quiet.similarities]).decision == "cannot tell"


@pytest.mark.parametrize("seen", [1, 60])
def test_movement_is_told_of_few_frames_and_with_gaps(seen: int) -> None:
    lips = np.zeros((seen, 88, 2), np.float32)
    assert is_still(lips).all()
    lips[:, ::2, 1] = np.sin(np.arange(seen))[:, None] * 0.05
    lips[10:12] = np.nan
    assert is_still(lips).all() == (seen == 1)


@pytest.mark.parametrize(
    "broken",
    [
        "short",
        "silence",
        "frozen",
        "no face",
        "no sound",
        "one frame",
        "empty",
        "later than the sound",
    ],
)
def test_cannot_tell(synchronizer, broken: str) -> None:
    lips, times, waveform = make_recording()
    if broken == "short":
        lips, times = lips[:5], times[:5]
    elif broken == "silence":
        waveform = 0 * waveform
    elif broken == "frozen":
        lips = np.repeat(lips[:1], len(lips), axis=0)
    elif broken == "no face":
        lips = np.full_like(lips, np.nan)
    elif broken == "no sound":
        waveform = waveform[:0]
    elif broken == "one frame":
        lips, times = lips[:1], times[:1]
    elif broken == "empty":
        lips, times = lips[:0], times[:0]
    else:
        times = times + 100
    result = synchronizer.offset(lips, times, waveform)
    assert result.decision == "cannot tell"
    assert result.offset_frames == 0


def test_a_face_that_leaves_for_a_while_is_bridged(synchronizer) -> None:
    lips, times, waveform = make_recording(80, delay=3)
    lips[30:45] = np.nan
    assert synchronizer.offset(lips, times, waveform).offset_frames == 3


def test_sound_shorter_than_the_picture(synchronizer) -> None:
    lips, times, waveform = make_recording(80, delay=-2)
    assert synchronizer.offset(lips, times, waveform[: 640 * 50]).offset_frames == -2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lips, times, wave: (lips[:, :5], times, wave), "lips: expected"),
        (lambda lips, times, wave: (lips, times[:-1], wave), "times: expected shape"),
        (lambda lips, times, wave: (lips, times[::-1], wave), "increasing"),
        (lambda lips, times, wave: (lips, np.nan * times, wave), "increasing seconds, got NaN"),
        (lambda lips, times, wave: (lips, times, wave[None]), "mix channels"),
    ],
)
def test_wrong_shapes_are_explained(synchronizer, change, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        synchronizer.offset(*change(*make_recording()))
