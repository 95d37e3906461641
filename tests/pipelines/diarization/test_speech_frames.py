"""Frames and windows of speech, cut where the picture is cut."""

import numpy as np
import pytest
import torch

from pins_plugin.pipelines.diarization.speech_frames import SpeechFrames


class MeanEncoder(torch.nn.Module):
    """Embeds a window by its level: (cos, sin) of the mean."""

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        mean = waveforms.mean(dim=1)
        return torch.stack([mean.cos(), mean.sin()], dim=1)


def test_no_window_reaches_across_a_cut() -> None:
    frames = SpeechFrames.lay([(0.0, 4.0), (5.0, 5.7)], cuts=[1.7, 4.5])
    assert frames.parts == [(0.0, 1.7), (1.7, 4.0), (5.0, 5.7)]
    for start, length, part in zip(
        frames.starts, frames.lengths, frames.part_of_window, strict=True
    ):
        first, last = frames.parts[part]
        assert first - 1e-9 <= start and start + length <= last + 1e-9
    assert frames.lengths.min() == pytest.approx(0.7) and frames.lengths.max() == 1.0


def test_frames_cover_all_speech() -> None:
    frames = SpeechFrames.lay([(0.0, 1.0), (2.0, 2.35)])
    assert len(frames.times) == 10 + 4
    assert np.bincount(frames.part_of_frame).tolist() == [10, 4]


def test_embedding_and_spreading_follow_the_sound() -> None:
    waveform = np.repeat([0.2, 0.9], 32000).astype(np.float32)
    frames = SpeechFrames.lay([(0.0, 4.0)], cuts=[2.0])
    embeddings = frames.embed(waveform, MeanEncoder())
    angles = frames.spread(np.arctan2(embeddings[:, 1], embeddings[:, 0])[:, None])[:, 0]
    assert angles[frames.times < 2.0] == pytest.approx(0.2, abs=1e-5)
    assert angles[frames.times > 2.0] == pytest.approx(0.9, abs=1e-5)


def test_turns_join_equal_frames_and_change_between_frames() -> None:
    frames = SpeechFrames.lay([(0.0, 1.0), (1.5, 2.0)])
    states = np.array([0] * 4 + [1] * 6 + [1] * 5)
    turns = frames.turns(states, ["a", "b"], "clip")
    found = [
        (round(s.start, 3), round(s.end, 3), n) for s, _, n in turns.itertracks(yield_label=True)
    ]
    assert found == [(0.0, 0.4, "a"), (0.4, 1.0, "b"), (1.5, 2.0, "b")]


def test_mean_voice_takes_windows_of_one_speaker_only() -> None:
    frames = SpeechFrames.lay([(0.0, 4.0)])
    embeddings = np.zeros((len(frames.starts), 2))
    centers = frames.starts + 0.5
    embeddings[centers < 2.0, 0], embeddings[centers >= 2.0, 1] = 1.0, 1.0
    voice = frames.mean_voice(embeddings, frames.times < 1.9)
    assert voice is not None and voice.tolist() == [1.0, 0.0]
    assert frames.mean_voice(embeddings, np.zeros(len(frames.times), bool)) is None
