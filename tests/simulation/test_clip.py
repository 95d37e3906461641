"""Clips: lips and sound belong together, and everything follows from the seed."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.data.media.video import iter_frames
from pins_plugin.simulation.clip import (
    FRAME_RATE,
    frame_times,
    plan_clip,
    render_faces,
    render_sound,
    write_clip,
)
from pins_plugin.simulation.utterance import mouth_track


def _correlations(signal: np.ndarray, energy: np.ndarray, lags: range) -> dict[int, float]:
    """Correlation of the picture at frame t + lag with the sound at frame t."""
    result = {}
    for lag in lags:
        shifted = signal[max(lag, 0) : len(signal) + min(lag, 0)]
        sound = energy[max(-lag, 0) : len(energy) - max(lag, 0)]
        result[lag] = float(np.corrcoef(shifted, sound)[0, 1])
    return result


def test_mouth_opening_follows_the_sound_at_lag_zero() -> None:
    """Correlation of lip opening and loudness, averaged over clips, peaks where they are in sync."""
    totals = {lag: [] for lag in range(-6, 7)}
    for index in range(25):
        plan = plan_clip(0, index, 0)
        times = frame_times(plan)
        opening = mouth_track(plan.utterance, times)[:, 1]
        sound = render_sound(plan)
        step = SAMPLE_RATE // FRAME_RATE
        energy = np.array(
            [np.log(np.mean(sound[max(i * step - 160, 0) : i * step + 160] ** 2) + 1e-7) for i in range(len(times))]
        )  # fmt: skip
        for lag, value in _correlations(opening, energy, range(-6, 7)).items():
            totals[lag].append(value)
    means = {lag: np.mean(values) for lag, values in totals.items()}
    best = max(means, key=lambda lag: means[lag])
    assert abs(best) <= 1, means
    assert means[0] > 0.45
    assert means[0] > means[5] + 0.25
    assert means[0] > means[-5] + 0.25


def test_drawn_mouth_darkens_as_it_opens() -> None:
    plan = plan_clip(0, 3, 0)
    times = frame_times(plan)
    opening = mouth_track(plan.utterance, times)[:, 1]
    faces = render_faces(plan, times)
    region = faces[:, 68:92, 42:70].astype(np.float64).min(axis=(2, 3)).mean(axis=1)
    assert np.corrcoef(opening, region)[0, 1] < -0.5


def test_frame_is_the_same_alone_and_among_others() -> None:
    plan = plan_clip(5, 2, 1)
    together = render_faces(plan, np.array([0.0, 0.2, 0.4]))
    np.testing.assert_array_equal(render_faces(plan, np.array([0.2]))[0], together[1])


def test_clips_of_one_person_differ_and_repeat_exactly() -> None:
    first, second = plan_clip(5, 2, 0), plan_clip(5, 2, 1)
    assert first.person == second.person
    assert first.words != second.words
    np.testing.assert_array_equal(render_sound(first), render_sound(plan_clip(5, 2, 0)))
    faces = [render_faces(plan, np.zeros(1)) for plan in (first, second)]
    assert np.abs(faces[0].astype(int) - faces[1]).mean() > 5


def test_words_are_written_with_their_times() -> None:
    plan = plan_clip(5, 2, 0, num_words=2)
    words = [word.split(":") for word in plan.words.split("|")]
    assert len(words) == 2
    assert all(float(start) < float(end) for _, start, end in words)


@pytest.mark.parametrize("video", [False, True])
def test_written_clip_reads_back(tmp_path: Path, video: bool) -> None:
    plan = plan_clip(5, 2, 0)
    write_clip(tmp_path, plan, num_images=4, image_size=112, video=video)
    images = sorted(path.name for path in (tmp_path / "faces").iterdir())
    assert len(images) == 4
    sound = load_audio(tmp_path / "voice.wav")
    assert len(sound) == round(plan.utterance.duration * SAMPLE_RATE)
    assert (tmp_path / "faces.mp4").exists() == video
    if video:
        frames = list(iter_frames(tmp_path / "faces.mp4"))
        times = frame_times(plan)
        np.testing.assert_allclose([frame.time for frame in frames], times, atol=1e-3)
        drawn = render_faces(plan, times[:1])[0]
        assert np.abs(frames[0].image.astype(int) - drawn).mean() < 8
